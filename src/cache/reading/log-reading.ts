import type { SchedulerLike, Subscription } from 'rxjs';
import { SluiceError } from '../../errors.ts';
import { listen } from '../../listen.ts';
import { Cursors } from '../../log/cursors.ts';
import type { Filter, From, KafkaBegin, KafkaRecord, Meta, PartitionOffsets } from '../../protocol/kafka.ts';
import { filteringOf } from '../../protocol/kafka-filters.ts';
import { ReadingAnswer } from '../../protocol/kafka-reading.ts';
import type { Stream } from '../../protocol/kafka-stream.ts';
import type { LogTopic } from './log-topic.ts';

export interface LogReadingOptions {
  /** Where a partition begins that was there at first; where its log says, by default. */
  readonly from: (partition: number) => From | undefined;
  /** Called once, when every partition that has a leader has begun. */
  readonly begun: (offsets: readonly PartitionOffsets[], id: { readonly topicId?: string }) => void;
  /** How long a bounded read may take nothing, in milliseconds. */
  readonly snapshotTimeout: number;
  readonly scheduler: SchedulerLike;
}

/** What reads partitions of a topic from their logs, and follows which of them there are. */
export function logReading(
  topic: LogTopic,
  begin: Extract<KafkaBegin, { api: 'fetch' | 'merged' }>,
  stream: Stream,
  { from, begun, snapshotTimeout, scheduler }: LogReadingOptions,
): ReadingAnswer & { follow(meta: Meta): void } {
  const { isolation = 'read_committed', conflates = true, filters, evaluation, until } = begin;
  const listenings = new Map<number, Subscription>();
  let meta: Meta | undefined;
  let hasBegun = false;

  const settle = (): void => {
    if (hasBegun || meta === undefined || !isReady(meta, cursors)) return;
    hasBegun = true;
    cursors.gathered();
    const { topicId } = cursors;
    begun(cursors.offsets, topicId === '' ? {} : { topicId });
    stream.wake();
  };
  const cursors: Cursors<KafkaRecord> = new Cursors<KafkaRecord>({
    topic: begin.topic,
    isolation,
    conflates,
    isBounded: until !== undefined,
    snapshotTimeout,
    scheduler,
    life: stream.life,
    hasCredit: () => stream.balance > 0,
    begun: settle,
    wake: () => stream.wake(),
    filtering: filteringOf(filters, evaluation),
  });
  const join = (partition: number): void => {
    // Partitions that are found once it has begun are new: all of their records are.
    const begins: From | undefined = hasBegun ? 'earliest' : from(partition);
    cursors.join(partition);
    const listening = listen(topic.log(partition), stream.life, {
      next: (source) => cursors.read(partition, source.dispatcher, begins ?? source.from),
      complete() {},
    });
    listenings.set(partition, listening);
  };

  const lose = (partition: number): void =>
    stream.life.error(
      new SluiceError('SNAPSHOT_LOST', `${begin.topic}/${partition}: there is no such partition any more`),
    );
  const refilter = (changed: readonly Filter[]): void => cursors.refilter(filteringOf(changed, evaluation));
  return Object.assign(new ReadingAnswer(cursors, refilter, until !== undefined, stream), {
    follow(found: Meta): void {
      const partitions = found.partitions.map(({ partition }) => partition);
      for (const [partition, listening] of listenings) {
        if (partitions.includes(partition)) continue;
        listenings.delete(partition);
        cursors.leave(partition);
        listening.unsubscribe();
        if (until !== undefined) lose(partition);
        // What waited for it may be due now.
        stream.wake();
      }
      for (const partition of partitions) if (!listenings.has(partition)) join(partition);
      // Not before all have joined: it begins with those that are there.
      meta = found;
      settle();
    },
  });
}

/** Whether all partitions with a leader have begun, or one has where there is no leader. */
function isReady({ partitions }: Meta, cursors: Cursors<KafkaRecord>): boolean {
  const led = partitions.filter(({ leader }) => leader >= 0);
  const has = ({ partition }: { readonly partition: number }): boolean => cursors.hasBegun(partition);
  return led.length > 0 ? led.every(has) : partitions.some(has);
}
