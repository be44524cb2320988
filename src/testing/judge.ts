import type { Mark } from '../marks.ts';
import type { Delivers } from './delivery.ts';
import type { Outcome } from './play.ts';
import type { Item } from './sender.ts';

// What the laws say is said here once more, and not taken from the kernel, which they judge.

/** Whether a mark of that kind says no more than a later one. */
const isCumulative = ({ mark }: Mark): boolean => mark === 'progress' || mark === 'watermark';

/** Whether `later` says all that `earlier` does. */
const replaces = (later: Mark, earlier: Mark): boolean =>
  isCumulative(later) && later.mark === earlier.mark && later.partition === earlier.partition;

/** Says how credit was not kept: more or less opened than declared, minted, or leaked. */
export function balancesBroken(outcome: Outcome, opens: number | 'transparent', early: number): string | undefined {
  const { opened, atRest, mostCredit, granted, spent, taken } = outcome;
  if (opens === 'transparent') {
    if (opened !== early) return `opened ${opened}, its consumer ${early}`;
    const owed = granted - taken;
    return atRest === owed
      ? undefined
      : `upstream has ${atRest} at rest, its consumer granted ${owed} (${spent} spent)`;
  }
  if (opened !== opens) return `opened ${opened}, not ${opens}`;
  if (mostCredit > opens) return `upstream had ${mostCredit} at a time, more than ${opens}`;
  const owed = opens - atRest;
  return owed < Math.max(1, Math.floor(opens / 2)) ? undefined : `upstream has ${atRest} of ${opens} at rest`;
}

/** Says where the offsets of a partition do not ascend, or what was sent later came earlier. */
export function orderBroken({ received }: Outcome): string | undefined {
  let last = -1;
  for (const item of received) {
    if (!('record' in item)) continue;
    if (item.at <= last) return `record ${item.at} after ${last}`;
    last = item.at;
  }
  return undefined;
}

/** Says which mark was lost, doubled, moved or made up. */
export function marksBroken({ sent, received }: Outcome, delivers: Delivers): string | undefined {
  const made = received.find((item) => 'mark' in item && item.at < 0);
  if (made !== undefined && 'mark' in made && (made.mark.mark !== 'gap' || delivers !== 'what no gap tells of'))
    return `mark ${made.mark.mark} was never sent`;
  const got = received.filter((item) => item.at >= 0 && !('answer' in item));
  for (let index = 1; index < got.length; index += 1) {
    const [before, after] = [got[index - 1] as Item, got[index] as Item];
    const misplaced = 'mark' in before || 'mark' in after;
    if (misplaced && before.at >= after.at) return `item ${after.at} after ${before.at}`;
  }
  for (const item of sent) {
    if (!('mark' in item) || got.includes(item)) continue;
    const later = got.filter(({ at }) => at > item.at);
    const other = later.findIndex((next) => !('mark' in next && isCumulative(next.mark)));
    const stretch = other < 0 ? later : later.slice(0, other);
    if (!stretch.some((next) => 'mark' in next && replaces(next.mark, item.mark)))
      return `mark ${item.mark.mark} at ${item.at} was lost`;
  }
  return undefined;
}

/** Says how a lane closed, if not as it should. */
export const endingBroken = (closing: readonly string[], expected: readonly string[]): string | undefined =>
  closing.join() === expected.join() ? undefined : `closed with ${closing.join() || 'nothing'}, not ${expected.join()}`;
