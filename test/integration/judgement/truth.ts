import type { Judge, ReadRecord } from '../../broker/judge.ts';
import { Column } from './column.ts';
import { EPOCH, numberOf, printOf } from './records.ts';

/** What one partition of a topic holds, in offset order. */
export class PartitionTruth {
  readonly offsets = new Column();
  readonly prints = new Column();
  readonly keys = new Column();
  readonly groups = new Column();
  /** In milliseconds since `EPOCH`: the number of the record. */
  readonly times = new Column();
  /** Whether it is of no transaction, or of one that was committed: 1 or 0. */
  readonly committed = new Column();

  /** Where a record is that has an offset; -1 where there is none. */
  at(offset: number): number {
    const place = this.offsets.firstAt(offset);
    return place < this.offsets.length && this.offsets.get(place) === offset ? place : -1;
  }
}

/** What a topic holds, as a witness reads it from the broker itself. */
export class Truth {
  readonly partitions: readonly PartitionTruth[];
  records = 0;

  constructor(partitions: number) {
    this.partitions = Array.from({ length: partitions }, () => new PartitionTruth());
  }

  /**
   * @param isAborted whether a record of that time was in a transaction that was aborted. Its writer knows: kafkajs does
   * not where transactions overlap, since it takes them to be listed in the order in which they began
   */
  static async of(
    judge: Judge,
    topic: string,
    partitions: number,
    isAborted: (time: number) => boolean,
  ): Promise<Truth> {
    const truth = new Truth(partitions);
    await judge.each(topic, 'read_uncommitted', (record) => truth.#add(record, isAborted));
    return truth;
  }

  #add({ partition, offset, key, value, headers, timestamp }: ReadRecord, isAborted: (time: number) => boolean): void {
    const truth = this.partitions[partition]!;
    const group = headers.group as Buffer | undefined;
    truth.offsets.push(Number(offset));
    truth.prints.push(printOf(key, value, group ?? null, timestamp));
    truth.keys.push(numberOf(key));
    truth.groups.push(group === undefined ? -1 : Number(group.toString()));
    const time = Number(timestamp) - EPOCH;
    truth.times.push(time);
    truth.committed.push(isAborted(time) ? 0 : 1);
    this.records += 1;
  }
}
