import type { Got, Reader } from './reader.ts';
import { EPOCH, NO_KEY } from './records.ts';
import { isWanted, type Wanted } from './selection.ts';
import type { PartitionTruth, Truth } from './truth.ts';

/** What is known of a reader besides what it got. */
export interface Case {
  readonly name: string;
  readonly reader: Reader;
  readonly wanted: Wanted;
  readonly isCompacted: boolean;
  /** By partition, up to where transactions were decided at the source before it opened a cache that had nothing yet. */
  readonly stable?: ReadonlyMap<number, bigint>;
  readonly from: 'earliest' | 'latest' | 'offset' | 'timestamp' | 'default';
}

/** What a reader got that it should not have, or not got that it should; at most a few of each partition. */
export function mistakesOf(one: Case, truth: Truth): string[] {
  const { reader, name } = one;
  if (reader.failure !== undefined) return [`${name}: failed: ${String(reader.failure)}`];
  const mistakes: string[] = [];
  for (const [partition, held] of truth.partitions.entries()) {
    const { api } = reader.begin;
    if (api === 'fetch' && reader.begin.partition !== partition) continue;
    const say = (what: string): void => void mistakes.push(`${name}: partition ${partition}: ${what}`);
    judge(one, partition, held, say);
  }
  for (const { partition, from, to, reason } of reader.gaps) {
    // A cache that was filled does not know which tombstones it never saw.
    if (reason === 'tombstones' && one.from === 'offset' && one.isCompacted) continue;
    mistakes.push(`${name}: partition ${partition}: a gap from ${from} to ${to}: ${reason}`);
  }
  return mistakes.slice(0, 6);
}

function judge(one: Case, partition: number, truth: PartitionTruth, say: (what: string) => void): void {
  const { reader, isCompacted } = one;
  const got = reader.got.get(partition);
  const start = reader.starts.get(partition) ?? 0;
  const missing = sound(one, got, truth, start, say);
  if (missing) return;
  const committed = reader.begin.isolation !== 'read_uncommitted';
  // What is asked for at all of what there is.
  const asked = (at: number): boolean =>
    truth.offsets.get(at) >= start &&
    (!committed || truth.committed.get(at) === 1) &&
    isWanted(one.wanted, truth.keys.get(at), truth.groups.get(at));
  const stable = Number(one.stable?.get(partition) ?? reader.ends.get(partition) ?? 0n);
  const stages = [
    { what: 'at the mark', isDue: reader.isCaughtUp, below: stable, count: got?.atMark ?? 0 },
    {
      what: 'at the end',
      isDue: reader.begin.until === undefined,
      below: Number.POSITIVE_INFINITY,
      count: got?.offsets.length ?? 0,
    },
  ];
  for (const { what, isDue, below, count } of stages) {
    if (!isDue) continue;
    const lost = isCompacted
      ? lostKeys(one, got, truth, asked, below, count)
      : lostRecords(got, truth, asked, below, count);
    if (lost.length > 0) say(`${what}: ${lost.length} are missing from ${start} on: ${lost.slice(0, 3).join(', ')}`);
  }
}

/** Whether something came that should not have: in no order, of no such content, not asked for, or void. */
function sound(
  { reader, wanted, from }: Case,
  got: Got | undefined,
  truth: PartitionTruth,
  start: number,
  say: (what: string) => void,
): boolean {
  const committed = reader.begin.isolation !== 'read_uncommitted';
  let before = -1;
  for (let at = 0; at < (got?.offsets.length ?? 0); at += 1) {
    const offset = (got as Got).offsets.get(at);
    const place = truth.at(offset);
    const wrong =
      offset <= before
        ? `after ${before}`
        : offset < start
          ? `before its start at ${start}`
          : place < 0
            ? 'is not in the topic'
            : truth.prints.get(place) !== (got as Got).prints.get(at)
              ? 'is not what was written'
              : committed && truth.committed.get(place) === 0
                ? 'was not committed'
                : isWanted(wanted, truth.keys.get(place), truth.groups.get(place))
                  ? undefined
                  : 'was not asked for';
    if (wrong !== undefined) {
      say(`${offset} ${wrong}`);
      return true;
    }
    before = offset;
  }
  return from === 'timestamp' ? isOfAnotherTime(reader, truth, start, say) : false;
}

function isOfAnotherTime(
  { begin }: Reader,
  truth: PartitionTruth,
  start: number,
  say: (what: string) => void,
): boolean {
  const { from } = begin.api === 'merged' ? { from: begin.from?.default } : begin;
  if (typeof from !== 'object' || !('timestamp' in from)) return false;
  const place = truth.offsets.firstAt(start);
  if (place >= truth.offsets.length) return false;
  const isEarly = (at: number): boolean => at >= 0 && BigInt(truth.times.get(at) + EPOCH) < from.timestamp;
  if (isEarly(place)) say(`begins at ${start}, before its time`);
  return isEarly(place);
}

/** Of a plain topic, all that was to come and did not. */
function lostRecords(
  got: Got | undefined,
  truth: PartitionTruth,
  asked: (at: number) => boolean,
  below: number,
  count: number,
): number[] {
  const lost: number[] = [];
  let next = 0;
  for (let at = 0; at < truth.offsets.length && truth.offsets.get(at) < below; at += 1) {
    if (!asked(at)) continue;
    const offset = truth.offsets.get(at);
    while (next < count && (got as Got).offsets.get(next) < offset) next += 1;
    if (next >= count || (got as Got).offsets.get(next) !== offset) lost.push(offset);
  }
  return lost;
}

/**
 * Of a compacted topic, the last decided record of each key below an offset that did not come, nor one in its place; and
 * records without a key that did not. What stands in its place may be a later one that is not asked for.
 */
function lostKeys(
  { wanted }: Case,
  got: Got | undefined,
  truth: PartitionTruth,
  asked: (at: number) => boolean,
  below: number,
  count: number,
): number[] {
  const newest = new Map<number, number>();
  const unwanted = new Map<number, number>();
  const keyless: number[] = [];
  for (let at = 0; at < truth.offsets.length; at += 1) {
    if (truth.committed.get(at) === 0) continue;
    const [offset, key] = [truth.offsets.get(at), truth.keys.get(at)];
    if (!isWanted(wanted, key, truth.groups.get(at))) unwanted.set(key, offset);
    if (offset >= below) continue;
    if (key !== NO_KEY) newest.set(key, at);
    else if (asked(at)) keyless.push(offset);
  }
  const had = new Map<number, number>();
  const seen = new Set<number>();
  for (let at = 0; at < count; at += 1) {
    const offset = (got as Got).offsets.get(at);
    const key = truth.keys.get(truth.at(offset));
    if (key === NO_KEY) seen.add(offset);
    else had.set(key, offset);
  }
  const lost = keyless.filter((offset) => !seen.has(offset));
  for (const [key, at] of newest) {
    const offset = truth.offsets.get(at);
    if (!asked(at) || (had.get(key) ?? -1) >= offset || (unwanted.get(key) ?? -1) > offset) continue;
    lost.push(offset);
  }
  return lost;
}
