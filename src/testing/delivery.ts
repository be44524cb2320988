import type { Gap, Mark } from '../marks.ts';
import type { Outcome } from './play.ts';
import type { Item, LawRecord } from './sender.ts';

/**
 * Which records an operator promises to deliver: every one; the newest of each partition and key, between caught-up
 * and gap marks; every one that no gap mark tells of; or those that a predicate accepts.
 */
export type Delivers =
  | 'everything'
  | 'the newest of each key'
  | 'what no gap tells of'
  | ((record: LawRecord) => boolean);

/** Says which record was lost, doubled or made up. */
export function deliveryBroken(outcome: Outcome, delivers: Delivers): string | undefined {
  const got = outcome.received.filter(isRecord);
  const made = got.find(({ at }) => at < 0);
  if (made !== undefined) return `record ${made.record.offset} was never sent`;
  const doubled = got.find((item, index) => got.indexOf(item) !== index);
  if (doubled !== undefined) return `record ${doubled.at} came twice`;
  const lost = outcome.sent.filter(isRecord).filter((item) => !got.includes(item));
  switch (delivers) {
    case 'everything':
      return lost[0] && `record ${lost[0].at} was lost`;
    case 'the newest of each key':
      return lostValue(outcome.sent, lost);
    case 'what no gap tells of':
      return untold(outcome.received, lost);
    default: {
      const missed = lost.find(({ record }) => delivers(record));
      const extra = got.find(({ record }) => !delivers(record));
      return missed ? `record ${missed.at} was lost` : extra && `record ${extra.at} came through`;
    }
  }
}

/** Whether nothing conflates across a mark; said here once more, and not taken from the kernel, which is judged. */
const isBarrier = ({ mark }: Mark): boolean => mark === 'caught-up' || mark === 'gap';

type RecordItem = Extract<Item, { record: LawRecord }>;

const isRecord = (item: Item): item is RecordItem => 'record' in item;

function lostValue(sent: readonly Item[], lost: readonly RecordItem[]): string | undefined {
  for (const { at, record } of lost) {
    const later = sent.slice(at + 1);
    const barrier = later.findIndex((item) => 'mark' in item && isBarrier(item.mark));
    const newer = later
      .slice(0, barrier < 0 ? undefined : barrier)
      .some((item) => isRecord(item) && item.record.key === record.key && item.record.partition === record.partition);
    if (record.key === null || !newer) return `record ${at} was lost, and nothing newer has its key ${record.key}`;
  }
  return undefined;
}

function untold(received: readonly Item[], lost: readonly RecordItem[]): string | undefined {
  for (const { at, record } of lost) {
    const told = received.findIndex((item) => 'mark' in item && item.at < 0 && covers(item.mark as Gap, record));
    const later = received.findIndex(
      (item) => isRecord(item) && item.at > at && item.record.partition === record.partition,
    );
    if (told < 0) return `record ${at} was lost, and no gap tells of it`;
    if (later >= 0 && later < told) return `the gap of record ${at} was told after a later record`;
  }
  const gaps = received.flatMap((item) => ('mark' in item && item.at < 0 ? [item.mark as Gap] : []));
  const came = received.filter(isRecord).find(({ record }) => gaps.some((gap) => covers(gap, record)));
  if (came !== undefined) return `record ${came.at} came, and a gap covers it`;
  const empty = gaps.find((gap) => !lost.some(({ record }) => covers(gap, record)));
  return empty && `a gap from ${empty.from} to ${empty.to} tells of nothing that was lost`;
}

const covers = ({ partition, from, to }: Gap, record: LawRecord): boolean =>
  partition === record.partition && from <= record.offset && record.offset < to;
