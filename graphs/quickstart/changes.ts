import type { Process } from './process-list.ts';

/** What the topic of processes says of one: the value of a record whose key is the pid. */
export interface ProcessState {
  readonly pid: number;
  readonly name: string;
  /** In percent of one core, over about the last second. */
  readonly cpu: number;
  /** In bytes. */
  readonly memory: number;
  /** When it began, in milliseconds since 1970. */
  readonly began: number;
}

/** What the topic of events says: the value of a record whose key is the pid. */
export interface ProcessEvent {
  readonly event: 'start' | 'exit';
  readonly pid: number;
  readonly name: string;
  /** When it began, or when it was seen to be gone, in milliseconds since 1970. */
  readonly at: number;
}

/** What one look at the processes adds to the topics. */
export interface Change {
  readonly pid: number;
  /** `null` for one that is there no more: a tombstone. */
  readonly state: ProcessState | null;
  /** In order. Two, if the pid stands for another process than before. */
  readonly events: readonly ProcessEvent[];
}

/** A look at the processes. */
export interface Look {
  /** When, in milliseconds since 1970. */
  readonly at: number;
  readonly processes: readonly Process[];
}

/**
 * What is to be written so that the topic tells what a look saw, and no more than that: nothing of a process that it tells
 * rightly already.
 *
 * @param told what the topic tells, by pid; if nothing, then no process that is there is news
 * @param before the look before that one; how much CPU a process takes is what it ran since
 */
export function changes(told: ReadonlyMap<number, ProcessState>, before: Look, now: Look): Change[] {
  const ran = new Map(before.processes.map((one) => [one.pid, one]));
  const found: Change[] = [];
  const alive = new Set<number>();
  for (const one of now.processes) {
    const { pid, name, memory, began } = one;
    alive.add(pid);
    const former = told.get(pid);
    const earlier = ran.get(pid);
    const cpu = cpuOf(one, isSame(earlier, one) ? earlier : undefined, now.at - before.at);
    const state = { pid, name, cpu, memory, began };
    if (!isSame(former, one)) {
      const gone = former === undefined ? [] : [eventOf('exit', former, now.at)];
      found.push({ pid, state, events: told.size === 0 ? [] : [...gone, eventOf('start', state, began)] });
    } else if (former.name !== name || former.memory !== memory || former.cpu !== cpu) {
      // It is the one that is told, so it keeps the time that it is known by.
      found.push({ pid, state: { ...state, began: former.began }, events: [] });
    }
  }
  for (const [pid, former] of told)
    if (!alive.has(pid)) found.push({ pid, state: null, events: [eventOf('exit', former, now.at)] });
  return found;
}

/** A machine that sets its clock moves all the times at which processes began, by less than it takes to use a pid again. */
const CLOCK_SHIFT = 2_000;

const isSame = <T extends { readonly began: number }>(former: T | undefined, one: Process): former is T =>
  former !== undefined && Math.abs(former.began - one.began) < CLOCK_SHIFT;

/** In percent of one core, to a tenth. A process that was not there before ran all that it ran since. */
function cpuOf(one: Process, earlier: Process | undefined, elapsed: number): number {
  const ran = one.cpuTime - (earlier?.cpuTime ?? 0);
  // The clock may have been set back.
  return elapsed > 0 ? Math.max(0, Math.round((ran / elapsed) * 1000) / 10) : 0;
}

const eventOf = (
  event: 'start' | 'exit',
  { pid, name }: Pick<ProcessState, 'pid' | 'name'>,
  at: number,
): ProcessEvent => ({ event, pid, name, at });
