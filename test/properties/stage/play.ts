import { VirtualTimeScheduler } from 'rxjs';
import { stage } from '../../../operators/flow/stage.ts';
import { lawful } from '../../../src/lawful.ts';
import type { KafkaAnswer, KafkaBegin } from '../../../src/protocol/kafka.ts';
import { FakeExit } from './fake-exit.ts';
import { FragmentSender, type Script } from './fragment-sender.ts';
import { MemoryStore } from './memory-store.ts';

/** What happens to a stage. */
export interface Play {
  readonly scripts: readonly Script[];
  readonly partitions: number;
  readonly window: number;
  readonly disk: number;
  readonly maxMessageBytes: number;
  readonly exitWindow: number;
  readonly latency: number;
  readonly diskLatency: number;
  readonly events: readonly { readonly at: number; readonly partition: number; readonly what: 'abort' | 'stick' }[];
}

/** Longer than any play. */
const END = 100_000;

/** Plays it under virtual time; what is stuck is released in the end, unless it is `forever`. */
export function perform(play: Play, forever: readonly number[] = []) {
  const scheduler = new VirtualTimeScheduler();
  scheduler.maxFrames = Number.POSITIVE_INFINITY;
  const { partitions, window, disk, maxMessageBytes, exitWindow, latency, diskLatency } = play;
  const exit = new FakeExit(scheduler, { partitions, window: exitWindow, latency });
  const store = new MemoryStore(scheduler, diskLatency);
  const binding = stage({ store, window, disk, maxMessageBytes, scheduler })(exit.binding);
  for (const partition of forever) exit.stuck.add(partition);
  const lanes = play.scripts.map((script, index) => {
    const ext: KafkaBegin =
      script.only === undefined
        ? { api: 'merged', capabilities: 'produce', topic: 't' }
        : { api: 'produce', topic: 't', partition: script.only };
    const sender = new FragmentSender(String.fromCharCode(97 + index), script, ext, scheduler);
    const lane = { script, sender, answers: [] as KafkaAnswer[], closing: [] as string[], endedAt: 0 };
    sender.frames.pipe(lawful('in'), binding, lawful('out')).subscribe({
      next(frame) {
        if (frame.kind === 'flush' && 'answer' in frame.ext) lane.answers.push(frame.ext);
        if (frame.kind === 'end' || frame.kind === 'abort') lane.closing.push(frame.kind);
      },
      error: (error) => lane.closing.push(String(error)),
      complete: () => lane.closing.push('complete'),
    });
    return lane;
  });
  for (const { at, partition, what } of play.events) {
    scheduler.schedule(() => {
      if (what === 'stick') exit.stuck.add(partition);
      else exit.abort(partition, { code: 'KAFKA_ERROR', message: 'the exit failed' });
    }, at);
  }
  scheduler.schedule(() => {
    for (const partition of [...exit.stuck]) if (!forever.includes(partition)) exit.release(partition);
  }, END);
  scheduler.flush();
  return { play, exit, store, lanes };
}

export type Outcome = ReturnType<typeof perform>;
