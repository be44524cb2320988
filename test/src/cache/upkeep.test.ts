import { defer, type Observable, of, throwError } from 'rxjs';
import { agedBelow, type Cleaned, withPass } from '../../../src/cache/cleaned.ts';
import { dirtOf } from '../../../src/cache/dirt.ts';
import { retainedFrom } from '../../../src/cache/retention.ts';
import type { RowMeta } from '../../../src/cache/row.ts';
import { type TopicConfig, topicConfig } from '../../../src/cache/topic-config.ts';
import { type Upkept, upkeep } from '../../../src/cache/upkeep.ts';
import { Clock } from '../kafka/clock.ts';
import { batch } from './batches.ts';
import { MemoryLog } from './memory-log.ts';

/** Rows of ten offsets each, of so many bytes, at times in seconds. */
const rows = (...all: readonly (readonly [bytes: number, seconds: number])[]): RowMeta[] =>
  all.map(([bytes, seconds], n) => ({
    ...{ from: BigInt(n * 10), to: BigInt(n * 10 + 10) },
    ...{ bytes, wire: bytes / 2, records: 1, maxTimestamp: BigInt(seconds * 1_000) },
  }));

const compacted = (values: Record<string, string> = {}): TopicConfig =>
  topicConfig({ 'cleanup.policy': 'compact', ...values });

describe('what is dirty', () => {
  const four = rows([100, 1], [100, 2], [100, 3], [100, 4]);
  const dirt = (passes: readonly Cleaned[], config = compacted(), now = 10_000, stable = 40n) =>
    dirtOf({ rows: four, passes, lastStableOffset: stable }, config, now);

  it('should be due when more of it than the ratio was never cleaned', () => {
    expect(dirt([])).toMatchObject({ to: 40n, ratio: 1, isDue: true });
    expect(dirt([{ to: 20n, at: 0 }])).toMatchObject({ ratio: 0.5, isDue: false });
    expect(dirt([{ to: 15n, at: 0 }])).toMatchObject({ ratio: 0.625, isDue: true });
    expect(dirt([{ to: 40n, at: 0 }])).toMatchObject({ ratio: 0, isDue: false });
  });

  it('should end before the first row that is not decided whole', () => {
    expect(dirt([], compacted(), 10_000, 29n)).toMatchObject({ to: 20n });
  });

  it('should end before the first dirty row that is too young', () => {
    const config = compacted({ 'min.compaction.lag.ms': '8000' });
    expect(dirt([], config)).toMatchObject({ to: 20n });
    expect(dirt([], config, 11_000)).toMatchObject({ to: 30n });
    expect(dirt([{ to: 10n, at: 0 }], config, 9_000)).toMatchObject({ to: 10n, ratio: 0 });
  });

  it('should be due when it has waited for too long', () => {
    const config = compacted({ 'max.compaction.lag.ms': '5000' });
    expect(dirt([{ to: 30n, at: 5_000 }], config)).toMatchObject({ isDue: false });
    expect(dirt([{ to: 30n, at: 4_999 }], config)).toMatchObject({ ratio: 0.25, isDue: true });
    expect(dirt([{ to: 40n, at: 0 }], config)).toMatchObject({ isDue: false });
  });

  it('should be nothing where nothing is compacted', () => {
    expect(dirt([], topicConfig({}))).toMatchObject({ isDue: false });
  });
});

describe('the passes of a cleaner', () => {
  it('should tell below what tombstones are old enough', () => {
    const passes = [
      { to: 10n, at: 1_000 },
      { to: 20n, at: 2_000 },
    ];
    expect([999, 1_500, 2_500, 3_000].map((now) => agedBelow(passes, 1_000, now))).toEqual([0n, 0n, 10n, 20n]);
  });

  it('should be few, and never make a tombstone older than it is', () => {
    let passes: readonly Cleaned[] = [];
    const all: Cleaned[] = [];
    for (let n = 1; n <= 1_000; n += 1) {
      const pass = { to: BigInt(n), at: n * 10 };
      all.push(pass);
      passes = withPass(passes, pass, 1_600);
      const [kept, exact] = [agedBelow(passes, 1_600, n * 10), agedBelow(all, 1_600, n * 10)];
      expect(kept <= exact && exact - kept <= 11n).toBe(true);
      expect(passes.at(-1)).toBe(pass);
    }
    expect(passes.length).toBeLessThan(20);
  });
});

describe('what is past retention', () => {
  const four = rows([200, 1], [200, 2], [200, 3], [200, 4]);
  const begin = (values: Record<string, string>, now = 5_000) => retainedFrom(four, topicConfig(values), now);

  it('should be rows that are older whole, and never the last', () => {
    const config = { 'retention.ms': '2000' };
    expect([3_000, 3_001, 4_500, 100_000].map((now) => begin(config, now))).toEqual([0n, 10n, 20n, 30n]);
  });

  it('should be rows without which there are still as many bytes as came', () => {
    const of = (bytes: number) => begin({ 'retention.bytes': `${bytes}`, 'retention.ms': '-1' });
    expect([400, 301, 300, 200, 199, 0].map(of)).toEqual([0n, 0n, 10n, 20n, 20n, 30n]);
  });

  it('should be rows without any batch along with what is behind them', () => {
    const [first, ...others] = rows([0, 0], [200, 2], [200, 3], [200, 4]).map((row, n) =>
      n === 0 ? { ...row, records: 0, maxTimestamp: -1n } : row,
    ) as [RowMeta, ...RowMeta[]];
    const at = (now: number) => retainedFrom([first, ...others], topicConfig({ 'retention.ms': '2000' }), now);
    expect([4_000, 4_001, 100_000].map(at)).toEqual([0n, 20n, 30n]);
    const bytes = topicConfig({ 'retention.bytes': '200', 'retention.ms': '-1' });
    expect(retainedFrom([first, ...others], bytes, 5_000)).toBe(20n);
  });

  it('should be nothing without a limit, a time or the policy', () => {
    expect(begin({ 'retention.ms': '-1' }, 1e12)).toBe(0n);
    expect(begin({ 'retention.ms': '1', 'cleanup.policy': 'compact' }, 1e12)).toBe(0n);
    const timeless = rows([1, 0], [1, 0]).map((row) => ({ ...row, maxTimestamp: -1n }));
    expect(retainedFrom(timeless, topicConfig({}), 1e12)).toBe(0n);
  });
});

/** A log in memory that notes what is done with it. */
class Kept implements Upkept {
  readonly log = new MemoryLog();
  readonly done: string[] = [];
  readonly config: TopicConfig;
  readonly name: string;
  readonly #all: string[];
  isBroken = false;
  abandoned = 0;

  constructor(name: string, config: TopicConfig, all: string[]) {
    this.name = name;
    this.config = config;
    this.#all = all;
    const { log } = this;
    const passed = log.passed.bind(log);
    log.passed = (passes) => this.#noting('cleaned', () => passed(passes).subscribe());
  }

  get rows(): readonly RowMeta[] {
    return this.log.rows;
  }

  get cleanable(): MemoryLog | undefined {
    return this.config.isCompacted ? this.log : undefined;
  }

  append(key: string, times = 1): void {
    for (let n = 0; n < times; n += 1) this.log.append(batch(this.log.end, [[key, 'x'.repeat(1_000)]]));
  }

  trim(to: bigint): Observable<void> {
    return this.#noting(`trimmed to ${to}`, () => this.log.trim(to));
  }

  reclaim(to: bigint): Observable<void> {
    return this.#noting(`reclaimed to ${to}`, () => {});
  }

  #noting(what: string, work: () => void): Observable<void> {
    return defer(() => {
      if (this.isBroken) return throwError(() => new Error('broken'));
      work();
      this.#all.push(`${this.name} ${what}`);
      return of(undefined);
    });
  }
}

describe('upkeep', () => {
  const run = (configs: Record<string, TopicConfig>, slack = 1e9) => {
    const clock = new Clock();
    const done: string[] = [];
    const logs = Object.entries(configs).map(([name, config]) => new Kept(name, config, done));
    const failed = (_: Upkept, thrown: unknown) => done.push(`${thrown}`);
    const running = upkeep(() => logs, { scheduler: clock, interval: 1_000, slack, failed });
    return { clock, done, logs: logs as [Kept, Kept], running };
  };

  it('should drop what is past retention, turn after turn', () => {
    const { clock, done, logs, running } = run({ a: topicConfig({ 'retention.bytes': '2000', 'retention.ms': '-1' }) });
    logs[0].append('k', 4);
    const subscription = running.subscribe();
    clock.advance(10);
    logs[0].append('k', 2);
    clock.advance(1_000);
    subscription.unsubscribe();
    logs[0].append('k', 2);
    clock.advance(5_000);
    expect(done).toEqual(['a trimmed to 2', 'a trimmed to 4']);
  });

  it('should clean what is due, the dirtiest first, and none twice in a turn', () => {
    const { clock, done, logs, running } = run({ a: compacted(), b: compacted(), c: topicConfig({}) });
    for (const log of logs) log.append('k', 2);
    logs[0].log.passes = [{ to: 1n, at: 0 }];
    logs[0].append('k');
    running.subscribe();
    clock.advance(100);
    expect(done).toEqual(['b cleaned', 'a cleaned']);
  });

  it('should leave a log alone that fails, and try again', () => {
    const { clock, done, logs, running } = run({ a: compacted(), b: compacted() });
    for (const log of logs) log.append('k', 2);
    logs[0].isBroken = true;
    running.subscribe();
    clock.advance(100);
    expect(done).toEqual(['Error: broken', 'b cleaned']);
    logs[0].isBroken = false;
    clock.advance(1_000);
    expect(done.at(-1)).toBe('a cleaned');
  });

  it('should give space back when enough is gone, and more than half of what is left', () => {
    const config = { 'retention.bytes': '5000', 'retention.ms': '-1' };
    const { clock, done, logs, running } = run({ a: topicConfig(config), b: compacted() }, 2_000);
    running.subscribe();
    for (let n = 0; n < 9; n += 1) {
      logs[0].append('k');
      clock.advance(1_000);
    }
    expect(done.filter((what) => what.includes('reclaimed'))).toEqual(['a reclaimed to 3']);
    logs[1].append('k', 20);
    clock.advance(2_000);
    expect(done.slice(-4)).toEqual(['a trimmed to 4', 'b cleaned', 'a reclaimed to 4', 'b reclaimed to 20']);
  });

  it('should give back, once, the space of what a log was before it was begun anew', () => {
    const { clock, done, logs, running } = run({ a: topicConfig({}) }, 2_000);
    running.subscribe();
    clock.advance(1_000);
    logs[0].abandoned = 3_000;
    clock.advance(5_000);
    expect(done).toEqual(['a reclaimed to 0']);
  });
});
