import assert from 'node:assert';
import { compact } from '../../operators/flow/compact.ts';
import { filter } from '../../operators/flow/filter.ts';
import { fromOffset } from '../../operators/flow/from-offset.ts';
import { lawful } from '../../src/lawful.ts';
import type { KafkaRecord } from '../../src/protocol/kafka.ts';
import { filteringOf } from '../../src/protocol/kafka-filters.ts';
import { Turns } from '../../src/testing/index.ts';
import { CursorReader, shown } from '../src/log/cursor-reader.ts';
import { MemoryLog } from '../src/log/memory-log.ts';
import { LaneReader } from './lane-reader.ts';
import { act, alive, drain, type LogPlay, logPlays, type Tools, take, text } from './log-plays.ts';

const marks = (got: readonly string[], mark: string): number => got.filter((one) => one === mark).length;

/** A log after what happens before its reader comes, in the reader's time. */
function prepared({ before, chunk, cold }: LogPlay): { readonly log: MemoryLog; readonly turns: Turns } {
  const turns = new Turns();
  const log = new MemoryLog({ chunk, cold, scheduler: turns });
  for (const step of before) act(log, step);
  return { log, turns };
}

/** What `fromOffset` promises. */
export function fromOffsetLaws({ test, fc }: Tools): void {
  const law = (name: string, property: (play: LogPlay) => void): void =>
    test(`from-offset: ${name}`, () => fc.assert(fc.property(logPlays(fc), property), { numRuns: 300 }));

  law('sends all that is decided, in order, by the laws of a lane, and says once that it has caught up', (play) => {
    const { log, turns } = prepared(play);
    const end = log.offsets.lastStableOffset;
    const first = log.records.filter(({ aborted, offset }) => !aborted && offset < end);
    const reader = new LaneReader(fromOffset(log, { from: 'earliest', scheduler: turns }).pipe(lawful('out')), turns);
    for (const step of play.steps) {
      if (!('clean' in step)) act(log, step);
      take(reader, step);
    }
    drain(log, reader);
    const all = log.records.filter(({ aborted }) => !aborted).map(shown);
    assert.deepEqual(reader.records.map(shown), all);
    assert.equal(marks(reader.got, 'caught-up'), 1);
    const told = reader.got.indexOf('caught-up');
    for (const record of first) assert(reader.got.indexOf(shown(record)) < told);
  });

  law('ends at the end of a snapshot, and holds the cleaner no longer', (play) => {
    const { log, turns } = prepared(play);
    const end = log.offsets.lastStableOffset;
    const lane = fromOffset(log, { from: 'earliest', until: 'latest', scheduler: turns });
    const reader = new LaneReader(lane.pipe(lawful('out')), turns);
    for (const step of play.steps) {
      act(log, step);
      take(reader, step);
    }
    drain(log, reader);
    assert.deepEqual(reader.got.slice(-3), ['caught-up', 'end', 'complete']);
    assert(reader.records.every(({ offset }) => offset < end));
    assert.equal(log.holds, 0);
  });

  law('answers RESET with ABORT, and needs nothing of its log any more', (play) => {
    const { log, turns } = prepared(play);
    const lane = fromOffset(log, { from: 'earliest', scheduler: turns, ...(play.chunk > 4 && { until: 'latest' }) });
    const reader = new LaneReader(lane.pipe(lawful('out')), turns);
    for (const step of play.steps) act(log, step);
    const isOver = reader.got.includes('end');
    reader.reset();
    act(log, { write: ['a'] });
    assert.deepEqual(reader.got.slice(-2), [isOver ? 'end' : 'abort', 'complete']);
    assert.deepEqual([log.changes.observed, log.holds], [false, 0]);
  });

  law('aborts with what its log fails with', (play) => {
    const { log, turns } = prepared(play);
    const reader = new LaneReader(fromOffset(log, { from: 'earliest', scheduler: turns }).pipe(lawful('out')), turns);
    for (const step of play.steps) {
      act(log, step);
      take(reader, step);
    }
    log.changes.error({ code: 'CACHE_LOG_GONE', message: 'gone' });
    assert.deepEqual(reader.got.slice(-2), ['CACHE_LOG_GONE', 'complete']);
  });

  law('goes on past what is void, without being granted anything more', (play) => {
    const { log, turns } = prepared({ ...play, before: [], cold: false });
    const reader = new LaneReader(fromOffset(log, { from: 'earliest', scheduler: turns }).pipe(lawful('out')), turns);
    for (const step of play.before)
      if ('write' in step)
        log.append(
          step.write.map((key) => ({ key })),
          'void',
        );
    log.finish('void', 'abort');
    log.append([{ key: 'z' }]);
    reader.grant(1);
    assert(reader.got.some((one) => one.startsWith('z@')));
  });
}

/** What takes the place of a record is itself superseded, and the cleaner takes it before the lane is there. */
const CLEANED_AHEAD: LogPlay = {
  before: [{ write: ['c', 'a'] }],
  steps: [{ write: ['c'] }, { grant: 1 }, { write: ['a', 'c'] }, { clean: true }],
  chunk: 1,
  cold: false,
};

/** What `compact` promises of the lane of a log. */
export function compactLaws({ test, fc }: Tools): void {
  const wanted = (record: KafkaRecord): boolean => record.key === null || 'abc'.includes(text(record.key));
  const filtering = filteringOf([[{ key: null }], ...['a', 'b', 'c'].map((key) => [{ key: Buffer.from(key) }])]);
  const law = (name: string, property: (play: LogPlay, isBounded: boolean) => void): void =>
    test(`compact: ${name}`, () =>
      fc.assert(fc.property(logPlays(fc), fc.boolean(), property), {
        numRuns: 300,
        examples: [[CLEANED_AHEAD, false]],
      }));

  law('with from-offset and filter, delivers what a cursor does that conflates and filters', (play, isBounded) => {
    const { log, turns } = prepared({ ...play, cold: false });
    const { index } = log;
    assert(index !== undefined);
    const end = log.offsets.lastStableOffset;
    const known = alive(log);
    const lane = fromOffset(log, { from: 'earliest', scheduler: turns, ...(isBounded && { until: { offset: end } }) });
    const compacted = lane.pipe(
      lawful('in'),
      compact<KafkaRecord>({ log, ...(isBounded && { below: end }) }),
      lawful('between'),
      compact<KafkaRecord>({ log, ...(isBounded && { below: end }) }),
      filter(wanted),
      lawful('out'),
    );
    const reader = new LaneReader(compacted, turns);
    const cursor = new CursorReader([log], { isBounded, filtering }, new Turns());
    for (const step of play.steps) {
      act(log, step);
      take(reader, step);
      take(cursor, step);
      if (!isBounded) assert.deepEqual(reader.records.map(shown), cursor.records.map(shown));
    }
    drain(log, reader, cursor);
    const got = reader.records.map(shown);
    // A cursor without credit passes over what is superseded already; the lane looks when it is paid, and by then the
    // newest of the key may stand behind the end of its snapshot.
    const isBehind = ({ key }: KafkaRecord): boolean => key !== null && (index.newest(key) ?? 0n) >= end;
    const also = isBounded ? reader.records.filter(isBehind).map(shown) : [];
    assert.deepEqual(
      got.filter((one) => !also.includes(one) || cursor.got.includes(one)),
      cursor.records.map(shown),
    );
    assert.deepEqual([marks(reader.got, 'caught-up'), marks(cursor.got, 'caught-up')], [1, 1]);
    const told = reader.got.indexOf('caught-up');
    const sent = reader.records.filter((record) => reader.got.indexOf(shown(record)) < told);
    for (const { key, offset } of known.filter(wanted)) {
      const isSent = sent.some((other) => text(other.key) === text(key) && other.offset >= offset);
      assert(key === null || isSent, `${text(key)} of ${offset} was not sent before the mark`);
    }
  });
}
