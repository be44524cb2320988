import fc from 'fast-check';
import type { KafkaRecord } from '../../src/protocol/kafka.ts';
import { filteringOf } from '../../src/protocol/kafka-filters.ts';
import { Turns } from '../../src/testing/index.ts';
import { CursorReader, shown } from '../src/cursor-reader.ts';
import { MemoryLog } from '../src/memory-log.ts';

type Step =
  | { readonly write: readonly (string | null)[]; readonly transaction?: string }
  | { readonly finish: string; readonly how: 'commit' | 'abort' }
  | { readonly grant: number }
  | { readonly clean: true }
  | { readonly turn: true };

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', null);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ write: fc.array(key, { minLength: 1, maxLength: 6 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      write: fc.array(key, { minLength: 1, maxLength: 4 }),
      transaction: fc.constantFrom('t', 'u'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ finish: fc.constantFrom('t', 'u'), how: fc.constantFrom('commit', 'abort') }) },
  { weight: 5, arbitrary: fc.record({ grant: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ clean: fc.constant(true as const) }) },
  { weight: 1, arbitrary: fc.record({ turn: fc.constant(true as const) }) },
);
const play = fc.record({
  before: fc.array(step, { maxLength: 12 }),
  steps: fc.array(step, { maxLength: 40 }),
  chunk: fc.integer({ min: 1, max: 9 }),
  cold: fc.boolean(),
});

function act(log: MemoryLog, step: Step, reader?: CursorReader): void {
  if ('write' in step)
    log.append(
      step.write.map((key) => ({ key, cost: 1 + (log.records.length % 3) })),
      step.transaction,
    );
  else if ('finish' in step) log.finish(step.finish, step.how);
  else if ('grant' in step) reader?.grant(step.grant);
  else if ('clean' in step) log.clean();
  else reader?.turns.turn();
}

const drain = (log: MemoryLog, reader: CursorReader): void => {
  for (const transaction of ['t', 'u']) log.finish(transaction, 'commit');
  for (let more = 0; more < 3; more += 1) reader.grant(10_000).settle();
};

const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();

/** The records that are still there, the newest of each key and all without one. */
function alive(log: MemoryLog): KafkaRecord[] {
  const decided = log.records.filter(({ aborted, offset }) => !aborted && offset < log.offsets.lastStableOffset);
  return decided.filter(
    ({ key, offset }) =>
      key === null ||
      !decided.some((other) => other.key !== null && text(other.key) === text(key) && other.offset > offset),
  );
}

describe('a cursor under constant rewriting, transactions and a cleaner', () => {
  it('should send the last value of every key in order, whatever it is granted, and all that is alive before the mark', () => {
    fc.assert(
      fc.property(play, ({ before, steps, chunk, cold }) => {
        const turns = new Turns();
        const log = new MemoryLog({ chunk, cold, scheduler: turns });
        for (const one of before) act(log, one);
        const reader = new CursorReader([log], {}, turns);
        for (const one of steps) act(log, one, reader);
        drain(log, reader);
        const offsets = reader.records.map(({ offset }) => offset);
        expect(offsets).toEqual([...offsets].sort((a, b) => Number(a - b)));
        expect(reader.records.filter(({ aborted }) => aborted)).toEqual([]);
        for (const record of alive(log)) expect(reader.got).toContain(shown(record));
        expect(reader.got.filter((one) => one === 'caught-up').length).toBe(1);
      }),
      { numRuns: 300 },
    );
  });

  it('should have sent every key that is alive, or a later value of it, by the time it says that it has caught up', () => {
    fc.assert(
      fc.property(play, ({ before, steps, chunk }) => {
        const log = new MemoryLog({ chunk });
        for (const one of before) act(log, one);
        const known = new Set(alive(log).flatMap(({ key }) => (key === null ? [] : [text(key)])));
        const reader = new CursorReader([log]);
        for (const one of steps) act(log, one, reader);
        drain(log, reader);
        const told = reader.got.indexOf('caught-up');
        const sent = reader.got.slice(0, told).filter((one) => one.includes('@'));
        for (const name of known) expect(sent.some((one) => one.startsWith(`${name}@`))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('should send a snapshot whole, each key at its last value there, however it is rewritten meanwhile', () => {
    fc.assert(
      fc.property(play, ({ before, steps, chunk }) => {
        const log = new MemoryLog({ chunk });
        for (const one of before) act(log, one);
        const end = log.offsets.lastStableOffset;
        const snapshot = alive(log).map(shown);
        const reader = new CursorReader([log], { isBounded: true });
        for (const one of steps) act(log, one, reader);
        drain(log, reader);
        for (const one of snapshot) expect(reader.got).toContain(one);
        expect(reader.records.every(({ offset }) => offset < end)).toBe(true);
        expect([reader.failures, reader.cursors.isLevel, log.holds]).toEqual([[], true, 0]);
      }),
      { numRuns: 300 },
    );
  });

  it('should send by the index of its keys what it would have found by reading the log', () => {
    fc.assert(
      fc.property(
        play,
        fc.constantFrom('read_committed', 'read_uncommitted'),
        ({ before, steps, chunk }, isolation) => {
          const log = new MemoryLog({ chunk });
          for (const one of before) act(log, one);
          const filtering = filteringOf([[{ key: Buffer.from('a') }], [{ key: Buffer.from('c') }]]);
          const found = new CursorReader([log], { filtering, isolation });
          const read = new CursorReader([log], {
            filtering: filtering && { ...filtering, keys: undefined },
            isolation,
          });
          for (const one of steps) {
            act(log, one, found);
            if ('grant' in one) read.grant(one.grant);
          }
          drain(log, found);
          drain(log, read);
          for (const record of alive(log).filter(({ key }) => key !== null && ['a', 'c'].includes(text(key))))
            for (const { got } of [found, read]) expect(got).toContain(shown(record));
          const told = (got: readonly string[]): number => got.filter((one) => one === 'caught-up').length;
          expect([told(found.got), told(read.got)]).toEqual([1, 1]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
