import fc from 'fast-check';
import { clean } from '../../../src/cache/cleaner.ts';
import { type Dirt, dirtOf } from '../../../src/cache/dirt.ts';
import { type TopicConfig, topicConfig } from '../../../src/cache/topic-config.ts';
import { batchesOf } from '../../../src/records/record-batch.ts';
import { Clock } from '../kafka/clock.ts';
import { type BatchOptions, batch, marker, type Producer } from './batches.ts';
import { MemoryLog, type Record } from './memory-log.ts';

const A: Producer = { id: 1n, epoch: 0 };
const HOUR = 3_600_000;
const config = topicConfig({ 'cleanup.policy': 'compact', 'delete.retention.ms': `${HOUR}` });

/** A log under virtual time, whose records are written as `k=v`, `k` for a tombstone and `=v` for one without a key. */
class Cleaning {
  readonly log: MemoryLog;
  readonly clock = new Clock();
  /** By default every row is cleaned by itself. */
  group = 1;

  /** @param most how many superseded records its log remembers for snapshots */
  constructor(most?: number) {
    this.log = new MemoryLog(most);
  }

  append(text: string, options: BatchOptions = {}): void {
    const records = text.split(' ').map((record) => {
      const [key = '', value] = record.split('=');
      return [key === '' ? null : key, value ?? null] as const;
    });
    this.log.append(batch(this.log.end, records, options));
  }

  mark(producer: Producer, outcome: 'commit' | 'abort'): void {
    this.log.append(marker(this.log.end, producer, outcome));
  }

  dirt(of: TopicConfig = config): Dirt {
    return dirtOf(this.log, of, this.clock.now());
  }

  clean(of: TopicConfig = config): unknown[] {
    const told: unknown[] = [];
    clean(this.log, this.dirt(of), { config: of, scheduler: this.clock, group: this.group }).subscribe({
      next: (freed) => told.push(freed),
      error: (thrown) => told.push(thrown),
      complete: () => told.push('done'),
    });
    this.clock.advance(1);
    return told;
  }

  get text(): string {
    return this.log
      .committed()
      .map(({ offset, key, value }) => `${offset}:${key ?? ''}${value === null ? '' : `=${value}`}`)
      .join(' ');
  }
}

describe('a cleaner', () => {
  it('should leave the newest record of each key, at its offset', () => {
    const cleaning = new Cleaning();
    for (const text of ['a=1 b=1 c=1', 'a=2', 'b=2 a=3']) cleaning.append(text);
    cleaning.group = 1 << 20;
    const told = cleaning.clean();
    expect([cleaning.text, told.at(-1)]).toEqual(['2:c=1 4:b=2 5:a=3', 'done']);
    expect(cleaning.log.rows.map(({ from, to }) => [from, to])).toEqual([[0n, 6n]]);
  });

  it('should write batches that are whole, and tell how much it freed', () => {
    const cleaning = new Cleaning();
    cleaning.append('a=1 b=1 a=2', { timestamp: 5n });
    const before = cleaning.log.rows[0]?.bytes ?? 0;
    const [freed] = cleaning.clean();
    const [row] = cleaning.log.rows;
    expect(row?.bytes).toBe(before - (freed as number));
    const bytes = Buffer.concat(row?.batches.map((one) => one.bytes) ?? []);
    const [read] = batchesOf(bytes, 'test/0');
    expect(read).toMatchObject({ baseOffset: 0n, lastOffset: 2n, count: 2, maxTimestamp: 5n });
  });

  it('should keep records without a key, and what is undecided', () => {
    const cleaning = new Cleaning();
    cleaning.append('=1 a=1 =2 a=2');
    cleaning.append('a=3', { producer: A });
    cleaning.append('a=4');
    cleaning.clean();
    expect(cleaning.text).toBe('0:=1 2:=2 3:a=2');
    cleaning.mark(A, 'abort');
    expect(cleaning.text).toBe('0:=1 2:=2 3:a=2 5:a=4');
  });

  it('should drop what was aborted, and the markers', () => {
    const cleaning = new Cleaning();
    cleaning.append('a=1');
    cleaning.append('a=2', { producer: A });
    cleaning.mark(A, 'abort');
    cleaning.append('b=1');
    cleaning.clean();
    expect(cleaning.log.rows.flatMap(({ batches }) => batches).map(({ baseOffset }) => baseOffset)).toEqual([0n, 3n]);
    expect([cleaning.text, cleaning.log.rows.at(-1)?.to]).toEqual(['0:a=1 3:b=1', 4n]);
  });

  it('should take a tombstone once it was cleaned so long ago, and tell up to where', () => {
    const cleaning = new Cleaning();
    cleaning.append('a=1 a b=1');
    cleaning.clean();
    cleaning.clock.advance(HOUR - 10);
    cleaning.clean();
    expect([cleaning.text, cleaning.log.tombstones]).toEqual(['1:a 2:b=1', 0n]);
    cleaning.clock.advance(20);
    cleaning.clean();
    expect([cleaning.text, cleaning.log.tombstones]).toEqual(['2:b=1', 2n]);
    expect(cleaning.log.table.newest(Buffer.from('a'))).toBeUndefined();
  });

  it('should leave a snapshot what it is to read', () => {
    const cleaning = new Cleaning();
    cleaning.append('a=1 b=1 a=2');
    const release = cleaning.log.hold();
    cleaning.append('a=3 b=2');
    cleaning.append('a=4');
    cleaning.clean();
    expect(cleaning.text).toBe('1:b=1 2:a=2 4:b=2 5:a=4');
    release();
    cleaning.clean();
    expect(cleaning.text).toBe('4:b=2 5:a=4');
  });

  it('should leave a snapshot that ends below what was known when it was taken all that it may be to read', () => {
    const cleaning = new Cleaning();
    cleaning.append('a=1 a=2 b=1');
    cleaning.append('a=3');
    const release = cleaning.log.hold(3n);
    cleaning.append('b=2');
    cleaning.clean();
    expect(cleaning.text).toBe('0:a=1 1:a=2 2:b=1 3:a=3 4:b=2');
    release();
    cleaning.clean();
    expect(cleaning.text).toBe('3:a=3 4:b=2');
  });

  it('should take what is superseded between snapshots that overlap without a break', () => {
    const cleaning = new Cleaning();
    let release = (): void => {};
    for (let round = 1; round <= 20; round += 1) {
      cleaning.append(`a=${round} b=${round} c=${round}`);
      const before = release;
      release = cleaning.log.hold();
      cleaning.append(`a=+${round} b=+${round} c=+${round}`);
      before();
      cleaning.clean();
    }
    expect(cleaning.text).toBe('114:a=20 115:b=20 116:c=20 117:a=+20 118:b=+20 119:c=+20');
  });

  it('should take no tombstone while a snapshot is read, nor when what it buries may be left', () => {
    const cleaning = new Cleaning();
    cleaning.append('a=1');
    cleaning.append('a b=1');
    cleaning.log.corrupt.add(0n);
    cleaning.clean();
    cleaning.clock.advance(2 * HOUR);
    cleaning.clean();
    expect(cleaning.text).toBe('0:a=1 1:a 2:b=1');
    cleaning.log.corrupt.clear();
    const release = cleaning.log.hold();
    cleaning.clean();
    expect(cleaning.text).toBe('1:a 2:b=1');
    release();
    cleaning.clean();
    expect(cleaning.text).toBe('2:b=1');
  });

  it('should take no tombstone where a snapshot, gone by now, had something left to it', () => {
    const cleaning = new Cleaning();
    const { log, clock } = cleaning;
    cleaning.append('z=1 z=2 a=1');
    log.meanwhile = log.hold();
    cleaning.append('a b=1');
    log.passes = [{ to: 5n, at: clock.now() }];
    clock.advance(2 * HOUR);
    cleaning.clean();
    expect(cleaning.text).toBe('1:z=2 2:a=1 3:a 4:b=1');
    cleaning.clean();
    expect(cleaning.text).toBe('1:z=2 4:b=1');
  });

  it('should not go by what readers do not know to be decided', () => {
    const cleaning = new Cleaning();
    cleaning.append('a=1');
    cleaning.log.table.add(Buffer.from('a'), 5);
    cleaning.clean();
    expect(cleaning.text).toBe('0:a=1');
  });

  it('should end a pass where the rows are others by now', () => {
    const cleaning = new Cleaning();
    cleaning.append('a=1 a=2');
    cleaning.log.meanwhile = () => {
      cleaning.log.rows = cleaning.log.rows.map((row) => ({ ...row }));
    };
    expect(cleaning.clean()).toEqual(['done']);
    expect([cleaning.text, cleaning.log.passes.at(-1)?.to]).toEqual(['0:a=1 1:a=2', 0n]);
  });

  it('should let the event loop turn, and rest for as long as it worked', () => {
    const cleaning = new Cleaning();
    const { log, clock } = cleaning;
    for (let n = 0; n < 40; n += 1) log.append(batch(log.end, [[`k${n}`, 'x'.repeat(200_000)]]));
    let [now, turns] = [0, 0];
    const scheduler = {
      now: () => now,
      schedule: ((work: () => void, delay?: number) => {
        turns += 1;
        return clock.schedule(work as never, delay);
      }) as typeof clock.schedule,
    };
    const { table } = log;
    const entryOf = table.entryOf.bind(table);
    table.entryOf = (key) => {
      now += 1;
      return entryOf(key);
    };
    const done: string[] = [];
    clean(log, cleaning.dirt(), { config, scheduler }).subscribe({ complete: () => done.push('done') });
    clock.advance(39);
    expect([turns > 4, done]).toEqual([true, []]);
    clock.advance(1_000);
    expect(done).toEqual(['done']);
  });
});

const key = fc.constantFrom('a', 'b', 'c', 'd', '');
const text = fc
  .array(fc.tuple(key, fc.boolean()), { minLength: 1, maxLength: 4 })
  .map((all) => all.map(([name, isValue], n) => (name === '' || isValue ? `${name}=${n}` : name)).join(' '));
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('plain' as const), text }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('data' as const), text, producer: fc.bigInt(1n, 3n) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constantFrom('commit', 'abort'), producer: fc.bigInt(1n, 3n) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('clean' as const),
      meanwhile: fc.option(fc.oneof(text, fc.constant('release'))),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: HOUR }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('hold', 'hold below', 'release', 'corrupt', 'mend') }) },
);

describe('whatever is appended, held and cleaned', () => {
  it('should lose no last record of a key, serve nothing dead, and keep what snapshots need', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), fc.constantFrom(1, undefined), (steps, most) => {
        const cleaning = new Cleaning(most);
        const { log, clock } = cleaning;
        /** Every record that was ever decided, and when a pass came by it first. */
        const all = new Map<bigint, Record & { passed?: number }>();
        const needed: { release(): void; readonly isBelow: boolean; readonly offsets: readonly bigint[] }[] = [];
        const release = (): void => needed.shift()?.release();
        for (const one of steps) {
          if (one.what === 'plain') cleaning.append(one.text);
          else if (one.what === 'data') cleaning.append(one.text, { producer: { id: one.producer, epoch: 0 } });
          else if (one.what === 'commit' || one.what === 'abort')
            cleaning.mark({ id: (one as { producer: bigint }).producer, epoch: 0 }, one.what);
          else if (one.what === 'wait') clock.advance(one.ms);
          else if (one.what === 'hold' || one.what === 'hold below') {
            const isBelow = one.what === 'hold below';
            const end = isBelow ? log.lastStableOffset / 2n : log.lastStableOffset;
            const seen = newestOf(log.committed().filter(({ offset }) => offset < end));
            needed.push({ release: log.hold(end), isBelow, offsets: [...seen.values()].map(({ offset }) => offset) });
          } else if (one.what === 'release') release();
          else if (one.what === 'corrupt') log.corrupt.add(log.rows[0]?.from ?? 0n);
          else if (one.what === 'mend') log.corrupt.clear();
          else {
            const { meanwhile } = one as { meanwhile: string | null };
            log.meanwhile = () => {
              log.meanwhile = () => {};
              if (meanwhile === 'release') release();
              else if (meanwhile !== null) cleaning.append(meanwhile);
            };
            cleaning.clean();
            for (const record of all.values())
              if (record.offset < (log.passes.at(-1)?.to ?? 0n)) record.passed ??= clock.now();
          }
          const committed = log.committed();
          for (const record of committed) if (!all.has(record.offset)) all.set(record.offset, { ...record });
          const left = new Set(committed.map(({ offset }) => offset));
          const wrong = committed.filter(({ offset, value }) => all.get(offset)?.value !== value);
          const ever = newestOf([...all.values()]);
          const gone = [...ever.values()].filter(({ offset }) => !left.has(offset));
          const early = gone.filter(
            ({ value, offset, passed }) =>
              value !== null || offset >= log.tombstones || !(clock.now() - (passed ?? Number.NaN) >= HOUR),
          );
          const risen = committed.filter((record) => gone.some((tombstone) => tombstone.key === record.key));
          const keyless = [...all.values()].filter((record) => record.key === null && !left.has(record.offset));
          const missed = needed.flatMap(({ offsets }) => offsets.filter((offset) => !left.has(offset)));
          expect({ wrong, early, risen, keyless, missed }).toEqual(NOTHING);
          const isExact = needed.length === 0 || (most === undefined && needed.every(({ isBelow }) => !isBelow));
          if (one.what === 'clean' && one.meanwhile === null && isExact && log.corrupt.size === 0) {
            const { to } = log.passes.at(-1) ?? { to: 0n };
            const held = new Set(needed.flatMap(({ offsets }) => offsets));
            const superseded = committed.filter(
              ({ offset, key }) => offset < to && key !== null && ever.get(key)?.offset !== offset && !held.has(offset),
            );
            expect(superseded).toEqual([]);
          }
        }
      }),
    );
  });
});

const NOTHING = { wrong: [], early: [], risen: [], keyless: [], missed: [] };

/** By key the last of these records. */
function newestOf(records: readonly Record[]): Map<string, Record & { passed?: number }> {
  const newest = new Map<string, Record & { passed?: number }>();
  for (const record of [...records].sort((a, b) => Number(a.offset - b.offset)))
    if (record.key !== null) newest.set(record.key, record);
  return newest;
}
