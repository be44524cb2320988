import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, forkJoin, lastValueFrom, NEVER, Observable, of, ReplaySubject } from 'rxjs';
import { openCache } from '../../src/cache/open-cache.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import type { RecordBatch } from '../../src/protocol/kafka-batch.ts';
import { describeAnswer, metaAnswer } from '../../src/protocol/kafka-states.ts';
import { answer } from '../../src/protocol/kafka-stream.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';

/** A topic in a cache that follows no broker, since what is measured is what comes behind. */
export interface CachedTopic {
  /** What brings its logs to a cache_client. */
  readonly binding: Binding<Kafka>;
  /** Appends a batch to each partition that has one. */
  append(batches: readonly (RecordBatch | undefined)[]): Promise<void>;
  close(): Promise<void>;
}

export const wait = (work: Observable<unknown>): Promise<unknown> => lastValueFrom(work, { defaultValue: undefined });

/** What something emits first, and what lets go of it. */
export async function held<T>(source: Observable<T>): Promise<[T, () => void]> {
  const values = new ReplaySubject<T>(1);
  const subscription = source.subscribe(values);
  return [await firstValueFrom(values), () => subscription.unsubscribe()];
}

/** A fresh one; `policy` is its `cleanup.policy`. */
export async function cachedTopic(name: string, count: number, policy: 'compact' | 'delete'): Promise<CachedTopic> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const [cache, leave] = await held(openCache(directory, { kind: 'cache' }));
  const [topic, done] = await held(cache.topic(name));
  const partitions = Array.from({ length: count }, (_, partition) => partition);
  const configs = { 'cleanup.policy': policy };
  await wait(topic.remember({ topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions, configs }));
  const logs = partitions.map((partition) => topic.partition(partition));
  const stand = (): Promise<unknown> =>
    wait(
      forkJoin(
        logs.map((log) => {
          const highWatermark = log.state.end;
          return log.stand({ logStart: 0n, highWatermark, lastStableOffset: highWatermark }, eventLoop.now());
        }),
      ),
    );
  await wait(forkJoin(logs.map((log) => log.begin(0n))));
  await stand();

  const meta = {
    topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
    partitions: partitions.map((partition) => ({ partition, leader: 1 })),
  };
  return {
    binding: answer(({ ext }, stream) => {
      if (ext.api === 'meta') return metaAnswer(forever(meta), stream);
      if (ext.api === 'describe') return describeAnswer(forever({ configs }), stream);
      const log = ext.api === 'fetch' ? logs[ext.partition] : undefined;
      if (log === undefined) throw new Error(`no ${ext.api} stream here`);
      const { logStart, ...rest } = log.offsets;
      stream.begin({ api: 'fetch', log, partition: log.partition, offset: logStart, ...rest });
      return { pull: () => undefined };
    }, eventLoop),
    async append(batches) {
      await wait(
        forkJoin(
          batches.flatMap((batch, partition) =>
            batch === undefined ? [] : [logs[partition]?.append([batch]) ?? of()],
          ),
        ),
      );
      await stand();
    },
    async close() {
      done();
      leave();
      await wait(cache.closed);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A state that does not change. */
const forever = <T>(state: T): Observable<T> =>
  new Observable((out) => {
    out.next(state);
    out.add(NEVER.subscribe());
  });
