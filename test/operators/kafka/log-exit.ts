import { BehaviorSubject, type SchedulerLike } from 'rxjs';
import type { Kafka, KafkaBegin, Meta } from '../../../src/protocol/kafka.ts';
import { chosen, describeAnswer, metaAnswer } from '../../../src/protocol/kafka-states.ts';
import { answer, type Stream } from '../../../src/protocol/kafka-stream.ts';
import type { Binding } from '../../../src/protocol.ts';
import { MemoryLog } from '../../src/log/memory-log.ts';

/** An exit that brings logs in memory, and remembers which streams are open. */
export class LogExit {
  readonly logs: MemoryLog[];
  readonly metas: BehaviorSubject<Meta>;
  readonly descriptions = new BehaviorSubject({ configs: { 'cleanup.policy': 'compact', 'retention.ms': '1' } });
  readonly open: string[] = [];
  readonly streams = new Map<string, Stream>();
  readonly binding: Binding<Kafka>;
  opened = 0;
  from: 'earliest' | 'latest' = 'earliest';
  bringsLogs = true;

  /** @param leaders of its partitions; -1 for none, and then its log does not come */
  constructor(leaders: readonly number[], scheduler: SchedulerLike) {
    this.logs = leaders.map((_, partition) => new MemoryLog({ partition, scheduler }));
    this.metas = new BehaviorSubject(metaOf(leaders));
    this.binding = answer(({ ext }, stream) => this.#answer(ext, stream), scheduler);
  }

  /** Changes who leads. */
  lead(leaders: readonly number[], scheduler: SchedulerLike): void {
    for (let partition = this.logs.length; partition < leaders.length; partition += 1)
      this.logs.push(new MemoryLog({ partition, scheduler }));
    this.metas.next(metaOf(leaders));
    for (const [partition, leader] of leaders.entries()) if (leader >= 0) this.#bring(partition);
  }

  #answer(ext: KafkaBegin, stream: Stream) {
    const name = ext.api === 'fetch' ? `fetch ${ext.partition}` : ext.api;
    this.open.push(name);
    this.opened += 1;
    stream.life.add(() => this.open.splice(this.open.indexOf(name), 1));
    if (ext.api === 'meta') return metaAnswer(this.metas, stream);
    if (ext.api === 'describe') {
      return describeAnswer(new BehaviorSubject(chosen(this.descriptions.value, ext.configs)), stream);
    }
    if (ext.api === 'fetch') {
      this.streams.set(name, stream);
      if ((this.metas.value.partitions[ext.partition]?.leader ?? -1) >= 0) this.#bring(ext.partition);
    }
    return { pull: () => undefined };
  }

  readonly #brought = new Set<Stream>();

  #bring(partition: number): void {
    const stream = this.streams.get(`fetch ${partition}`);
    const log = this.logs[partition];
    if (stream === undefined || log === undefined || this.#brought.has(stream)) return;
    this.#brought.add(stream);
    const { lastStableOffset, highWatermark } = log.offsets;
    const offsets = { partition, offset: 0n, lastStableOffset, highWatermark };
    stream.begin({ api: 'fetch', from: this.from, ...offsets, ...(this.bringsLogs && { log }) });
  }
}

const metaOf = (leaders: readonly number[]): Meta => ({
  topicId: 'an-id',
  partitions: leaders.map((leader, partition) => ({ partition, leader })),
});
