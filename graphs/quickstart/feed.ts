import {
  defer,
  exhaustMap,
  finalize,
  ignoreElements,
  type Observable,
  type SchedulerLike,
  switchMap,
  takeUntil,
  timer,
} from 'rxjs';
import { eventLoop } from '../../src/scheduler.ts';
import type { Graph } from '../graph.ts';
import { type Change, changes, type Look, type ProcessEvent, type ProcessState } from './changes.ts';
import type { ProcessList } from './process-list.ts';

export interface FeedOptions {
  readonly list: ProcessList;
  /** The graph, the binding of it that reads and writes kafka streams, and the topics. */
  readonly graph: Pick<Graph, 'messages' | 'produce'>;
  readonly binding: string;
  /** Compacted. */
  readonly processes: string;
  readonly events: string;
  /** How often it looks, in milliseconds; 1,000 by default. */
  readonly every?: number;
  /** Told what kept a look from being written. What that look saw is written with the next. */
  readonly onFault: (fault: unknown) => void;
  /** Once it emits, what was begun is written, and no more. */
  readonly until: Observable<unknown>;
  readonly scheduler?: SchedulerLike;
}

/**
 * Writes the processes of this machine to a topic as they change, and their starts and exits to another. It begins with what
 * the topic tells, so that processes which ended while nobody looked are not left in it. It looks no faster than what it
 * writes is answered: if the log is slow, it is what happened between two looks that is never written.
 *
 * Errors if what the topic tells cannot be read. Completes after `until`.
 */
export const feed = ({ list, graph, binding, every = 1_000, scheduler = eventLoop, ...options }: FeedOptions) =>
  defer((): Observable<never> => {
    const states = graph.produce(binding, { topic: options.processes, key: 'string', value: 'json' });
    const events = graph.produce(binding, { topic: options.events, key: 'string', value: 'json' });
    const told = new Map<number, ProcessState>();
    const look = async (): Promise<Look> => ({ processes: await list(), at: scheduler.now() });
    let before: Look;

    const begin = async (): Promise<void> => {
      const { processes: topic } = options;
      const reading = { topic, from: 'earliest', until: 'latest', key: 'string', value: 'json' } as const;
      for await (const { key, value } of graph.messages(binding, reading)) {
        if (value === null) told.delete(Number(key));
        else told.set(Number(key), value as ProcessState);
      }
      before = await look();
    };

    /** Tells a change: an event of it before its state, for a state that is told is not looked at again. */
    const write = async ({ pid, state, events: news }: Change): Promise<void> => {
      const key = `${pid}`;
      await Promise.all(news.map((value: ProcessEvent) => events.send({ key, value })));
      await states.send({ key, value: state });
      if (state === null) told.delete(pid);
      else told.set(pid, state);
    };

    const step = async (): Promise<void> => {
      try {
        const now = await look();
        const written = await Promise.allSettled(changes(told, before, now).map(write));
        before = now;
        const failed = written.find((one) => one.status === 'rejected');
        if (failed !== undefined) throw failed.reason;
      } catch (thrown) {
        options.onFault(thrown);
      }
    };

    return defer(begin).pipe(
      switchMap(() => timer(every, every, scheduler)),
      takeUntil(options.until),
      exhaustMap(step),
      ignoreElements(),
      finalize(() => {
        states.complete();
        events.complete();
      }),
    );
  });
