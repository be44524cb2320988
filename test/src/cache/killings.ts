import type { Partition } from '../../../src/cache/partition.ts';
import { killed } from '../../cli/process.ts';
import { done, type Opened, open, readAll } from './open.ts';
import { random, Truth } from './truth.ts';

const RETAINED = 200_000;

/** What a process is at when it is killed, beside appending, by how its topic is configured. */
export const doings = {
  backfill: { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '1' },
  cleaning: { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0' },
  retention: { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': `${RETAINED}` },
} as const;

export type Doing = keyof typeof doings;

export interface KillingsOptions {
  readonly directory: string;
  readonly doing: Doing;
  /** How often; a log holds some hundred. */
  readonly kills: number;
  readonly seed: number;
}

/** What that process writes. */
export const writtenTruth = (seed: number): Truth => new Truth(4_000, random(seed));

/** The longest that it is at it before it is killed, in milliseconds. */
const LONGEST = 60;

/**
 * Kills a process again and again that keeps a log, at random moments; each time the log is to open, to hold all that was done
 * but for what is to go, and to go on from there to the end. Answers what does not hold.
 */
export async function killings({ directory, doing, kills, seed }: KillingsOptions): Promise<string[]> {
  const truth = writtenTruth(seed);
  const next = random(seed);
  const mistakes: string[] = [];
  const opened = async (when: string, work: (opened: Opened, say: (what: string) => void) => unknown) => {
    const say = (what: string): void => void mistakes.push(`${doing}, ${when}: ${what}`);
    const one = await open(directory, { configs: doings[doing], upkeepInterval: 3_600_000 });
    await work(one, say);
    for (const event of one.events) say(JSON.stringify(event, (_, value) => `${value}`));
    await one.close();
  };
  let isAtIt = doing === 'backfill';
  // It may have been killed each time before it cleaned or dropped anything: then it is killed ever later.
  for (let kill = 1; kill <= kills || (!isAtIt && kill <= 2 * kills); kill += 1) {
    const after = (next() + Math.max(0, kill - kills)) * LONGEST;
    const told = await killed('test/src/cache/writer.ts', [directory, doing, `${seed}`], after);
    await opened(`kill ${kill}`, async ({ log }, say) => {
      const least = BigInt(told.at(-1) as string);
      isAtIt ||= doing === 'cleaning' ? log.state.rewritten > 0n : log.offsets.logStart > 0n;
      if (log.next === undefined || log.next < least) say(`ends at ${log.next}, and was at ${least}`);
      await judge(truth, log, doing, say);
    });
  }
  await opened('at the end', async ({ log }, say) => {
    const { state } = log;
    if (state.end >= truth.end) say('it had come to its end before it was killed the last time');
    if (!isAtIt) say('it was never at it');
    await truth.feed(log);
    await judge(truth, log, doing, say);
    if (log.next !== truth.end) say(`ends at ${log.next}, and its topic at ${truth.end}`);
  });
  return mistakes;
}

const offsetOf = (record: string): bigint => BigInt(record.slice(record.startsWith('!') ? 1 : 0, record.indexOf(':')));
const keyOf = (record: string): string => record.slice(record.indexOf(':') + 1, record.indexOf('='));

async function judge(truth: Truth, log: Partition, doing: Doing, say: (what: string) => void): Promise<void> {
  await done(log.ready());
  const { logStart, lastStableOffset } = log.offsets;
  const wire = log.rows.reduce((sum, row) => sum + row.wire, 0);
  if (logStart > 0n && (doing !== 'retention' || wire < RETAINED)) say(`begins at ${logStart}, with ${wire} bytes`);
  const newest = new Map<string, bigint>();
  const isIn = (from: bigint, to: bigint) => (record: string) => offsetOf(record) >= from && offsetOf(record) < to;
  const committed = truth.committed.filter(isIn(logStart, lastStableOffset));
  for (const record of committed) newest.set(keyOf(record), offsetOf(record));
  const mayGo = (record: string): boolean =>
    doing === 'cleaning' &&
    offsetOf(record) < lastStableOffset &&
    (record.startsWith('!') || offsetOf(record) < (newest.get(keyOf(record)) as bigint));
  for (const what of differences(committed, await readAll(log), mayGo)) say(what);

  const all = truth.uncommitted.filter(isIn(logStart, log.next as bigint));
  // Whether what is undecided will be aborted is not known yet.
  const known = (record: string): string =>
    offsetOf(record) < lastStableOffset || !record.startsWith('!') ? record : record.slice(1);
  for (const what of differences(all.map(known), await readAll(log, 'read_uncommitted'), mayGo)) say(what);

  for (const [key, offset] of doing === 'retention' ? [] : newest) {
    const found = log.index?.newest(Buffer.from(key));
    if (found !== offset) say(`the newest of ${key} is at ${offset}, and the index has ${found}`);
  }
}

/** Where a log has not what it should, in order: the first of each kind. */
function differences(
  expected: readonly string[],
  got: readonly string[],
  mayGo: (record: string) => boolean,
): string[] {
  let at = 0;
  const missing: string[] = [];
  for (const record of expected) {
    if (got[at] === record) at += 1;
    else if (!mayGo(record)) missing.push(record);
  }
  const lost = missing.slice(0, 1).map((record) => `${missing.length} records are missing, ${shown(record)} the first`);
  return at === got.length ? lost : [...lost, `${shown(got[at] as string)} should not be there`];
}

const shown = (record: string): string => record.slice(0, 20);
