import assert from 'node:assert';
import { filteringOf } from '../../src/protocol/kafka-filters.ts';
import { Turns } from '../../src/testing/index.ts';
import { CursorReader, shown } from '../src/log/cursor-reader.ts';
import { MemoryLog } from '../src/log/memory-log.ts';
import { act, alive, drain, logPlays, type Tools, take, text } from './log-plays.ts';

/** What a cursor promises on a compacted log, whatever happens to that. */
export function cursorLaws({ test, fc }: Tools): void {
  const plays = logPlays(fc);
  const law = (name: string, property: ReturnType<typeof fc.property>): void =>
    test(`a cursor: ${name}`, () => fc.assert(property, { numRuns: 300 }));

  law(
    'sends the last value of every key, all in order, whatever it is granted',
    fc.property(plays, ({ before, steps, chunk, cold }) => {
      const turns = new Turns();
      const log = new MemoryLog({ chunk, cold, scheduler: turns });
      for (const step of before) act(log, step);
      const reader = new CursorReader([log], {}, turns);
      for (const step of steps) {
        act(log, step);
        take(reader, step);
      }
      drain(log, reader);
      const offsets = reader.records.map(({ offset }) => Number(offset));
      assert.deepEqual(
        offsets,
        [...new Set(offsets)].sort((a, b) => a - b),
      );
      assert(reader.records.every(({ aborted }) => !aborted));
      for (const record of alive(log)) assert(reader.got.includes(shown(record)), `${shown(record)} was not sent`);
      assert.equal(reader.got.filter((one) => one === 'caught-up').length, 1);
    }),
  );

  law(
    'has sent every key that was alive, in the value that it had or a later one, when it says that it has caught up',
    fc.property(plays, ({ before, steps, chunk }) => {
      const log = new MemoryLog({ chunk });
      for (const step of before) act(log, step);
      const known = alive(log);
      const reader = new CursorReader([log]);
      for (const step of steps) {
        act(log, step);
        take(reader, step);
      }
      drain(log, reader);
      const told = reader.got.indexOf('caught-up');
      const sent = reader.records.filter((record) => reader.got.indexOf(shown(record)) < told);
      for (const { key, offset } of known) {
        const isSent = sent.some((other) => text(other.key) === text(key) && other.offset >= offset);
        assert(key === null || isSent, `${text(key)} of ${offset} was not sent before the mark`);
      }
    }),
  );

  law(
    'sends a snapshot whole, each key at its last value there, however it is rewritten meanwhile',
    fc.property(plays, ({ before, steps, chunk }) => {
      const log = new MemoryLog({ chunk });
      for (const step of before) act(log, step);
      const end = log.offsets.lastStableOffset;
      const snapshot = alive(log).map(shown);
      const reader = new CursorReader([log], { isBounded: true });
      const filtering = filteringOf([[{ key: Buffer.from('a') }]]);
      const filtered = new CursorReader([log], { isBounded: true, filtering });
      for (const step of steps) {
        act(log, step);
        take(reader, step);
        take(filtered, step);
      }
      drain(log, reader, filtered);
      for (const one of snapshot) {
        assert(reader.got.includes(one), `${one} was not sent`);
        assert(!one.startsWith('a@') || filtered.got.includes(one), `${one} was not found`);
      }
      assert(filtered.records.every(({ key }) => text(key) === 'a'));
      for (const { records, failures, cursors } of [reader, filtered]) {
        assert(records.every(({ offset }) => offset < end));
        assert.deepEqual([failures, cursors.isLevel], [[], true]);
      }
      assert.equal(log.holds, 0);
    }),
  );

  law(
    'sends by an index of keys the last of each that it would have found by reading',
    fc.property(plays, fc.constantFrom('read_committed', 'read_uncommitted'), ({ before, steps, chunk }, isolation) => {
      const log = new MemoryLog({ chunk });
      for (const step of before) act(log, step);
      const known = alive(log).filter(({ key }) => ['a', 'c'].includes(text(key)));
      const filtering = filteringOf([[{ key: Buffer.from('a') }], [{ key: Buffer.from('c') }]]);
      const found = new CursorReader([log], { filtering, isolation });
      const read = new CursorReader([log], {
        filtering: filtering && { ...filtering, name: 'read', keys: undefined, isByKey: false },
        isolation,
      });
      for (const step of steps) {
        act(log, step);
        take(found, step);
        take(read, step);
      }
      drain(log, found, read);
      if (isolation === 'read_uncommitted') assert.deepEqual(found.records, read.records);
      for (const { got, records } of [found, read]) {
        const sent = records.filter((record) => got.indexOf(shown(record)) < got.indexOf('caught-up'));
        for (const { key, offset } of known) {
          const isSent = sent.some((other) => text(other.key) === text(key) && other.offset >= offset);
          assert(isSent, `${text(key)} of ${offset} was not sent before the mark`);
        }
      }
      const wanted = alive(log).filter(({ key }) => ['a', 'c'].includes(text(key)));
      for (const { got } of [found, read]) {
        for (const record of wanted) assert(got.includes(shown(record)), `${shown(record)} was not sent`);
        assert.equal(got.filter((one) => one === 'caught-up').length, 1);
      }
      assert(found.records.every(({ key }) => ['a', 'c'].includes(text(key))));
    }),
  );
}
