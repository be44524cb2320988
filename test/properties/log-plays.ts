import type * as FastCheck from 'fast-check';
import type { KafkaRecord } from '../../src/protocol/kafka.ts';
import type { Turns } from '../../src/testing/index.ts';
import type { MemoryLog } from '../src/log/memory-log.ts';

/** What a suite of properties is run with, by jest or alone. */
export interface Tools {
  readonly test: (name: string, body: () => void) => void;
  readonly fc: Generator;
}

/** What the suites use of fast-check. */
export type Generator = Omit<typeof FastCheck, 'default'>;

/** Whoever reads a log in a time of its own. */
interface Reader {
  readonly turns: Turns;
  grant(credit: number): unknown;
}

/** One thing that happens to a log, or to its reader. */
export type Step =
  | { readonly write: readonly (string | null)[]; readonly transaction?: string }
  | { readonly finish: string; readonly how: 'commit' | 'abort' }
  | { readonly grant: number }
  | { readonly clean: true }
  | { readonly turn: true };

export interface LogPlay {
  /** What happens before the reader comes. */
  readonly before: readonly Step[];
  readonly steps: readonly Step[];
  readonly chunk: number;
  readonly cold: boolean;
}

/** Constant rewriting of few keys, transactions that commit and abort, a cleaner, and a reader with any pattern of credit. */
export function logPlays(fc: Generator): FastCheck.Arbitrary<LogPlay> {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', null);
  const transaction = fc.constantFrom('t', 'u');
  const step: FastCheck.Arbitrary<Step> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ write: fc.array(key, { minLength: 1, maxLength: 6 }) }) },
    { weight: 2, arbitrary: fc.record({ write: fc.array(key, { minLength: 1, maxLength: 4 }), transaction }) },
    { weight: 2, arbitrary: fc.record({ finish: transaction, how: fc.constantFrom('commit', 'abort') }) },
    { weight: 5, arbitrary: fc.record({ grant: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 1, arbitrary: fc.record({ clean: fc.constant(true as const) }) },
    { weight: 1, arbitrary: fc.record({ turn: fc.constant(true as const) }) },
  );
  return fc.record({
    before: fc.array(step, { maxLength: 12 }),
    steps: fc.array(step, { maxLength: 40 }),
    chunk: fc.integer({ min: 1, max: 9 }),
    cold: fc.boolean(),
  });
}

/** Lets a step happen to a log. */
export function act(log: MemoryLog, step: Step): void {
  if ('write' in step) {
    const written = step.write.map((key) => ({ key, cost: 1 + (log.records.length % 3) }));
    log.append(written, step.transaction);
  } else if ('finish' in step) log.finish(step.finish, step.how);
  else if ('clean' in step) log.clean();
}

/** Lets the same step happen to a reader of it. */
export function take(reader: Reader, step: Step): void {
  if ('grant' in step) reader.grant(step.grant);
  else if ('turn' in step) reader.turns.turn();
}

/** Decides all that is open, and grants all that is wanted. */
export function drain(log: MemoryLog, ...readers: Reader[]): void {
  for (const transaction of ['t', 'u']) log.finish(transaction, 'commit');
  for (const reader of readers) {
    for (let more = 0; more < 3; more += 1) {
      reader.grant(10_000);
      while (reader.turns.turn());
    }
  }
}

export const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();

/** The decided records of a log: the newest of each key, and all without one. */
export function alive(log: MemoryLog): readonly KafkaRecord[] {
  const { lastStableOffset } = log.offsets;
  const decided = log.records.filter(({ aborted, offset }) => !aborted && offset < lastStableOffset);
  const newest = new Map(decided.map(({ key, offset }) => [text(key), offset]));
  return decided.filter(({ key, offset }) => key === null || newest.get(text(key)) === offset);
}
