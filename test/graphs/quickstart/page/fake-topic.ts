import type { ProcessState } from '../../../../graphs/quickstart/changes.ts';
import type { StreamEvent } from '../../../../graphs/quickstart/page/event-stream.ts';

/** A record of a process, with so much memory, or a tombstone. */
export type Written = readonly [pid: number, memory: number | null];

/** A compacted topic of one partition, which sends each consumer what is not superseded by then. */
export class FakeTopic {
  readonly records: Written[] = [];

  write(...records: Written[]): void {
    this.records.push(...records);
  }

  /** What a consumer at an offset is sent now. */
  from(offset: number): StreamEvent[] {
    const newest = new Map(this.records.map(([pid], at) => [pid, at]));
    return this.records.flatMap((record, at) =>
      at >= offset && newest.get(record[0]) === at ? [eventAt(at, record)] : [],
    );
  }
}

/** The event of a record at an offset. */
export function eventAt(offset: number, [pid, memory]: Written): StreamEvent {
  const id = `topic.0:${offset + 1}`;
  if (memory === null) return { type: 'delete', id, data: btoa(`${pid}`) };
  const state: ProcessState = { pid, name: `p${pid}`, cpu: 0, memory, began: 0 };
  return { type: 'message', id, data: JSON.stringify(state) };
}
