import { Subscriber } from 'rxjs';
import { FollowedPartition } from '../../../../src/cache/following/followed-partition.ts';
import { SluiceError } from '../../../../src/errors.ts';
import { abort, data, flush } from '../../../../src/frame.ts';
import type { KafkaFault } from '../../../../src/protocol/kafka.ts';
import { Clock } from '../../kafka/clock.ts';
import { type Asked, batchAt, FakeLog, fakeSource } from './fakes.ts';

const HOUR = 3_600_000;

function setup(change: (log: FakeLog) => void = () => {}, patience = Number.POSITIVE_INFINITY) {
  const clock = new Clock();
  const { binding, asked } = fakeSource(clock);
  const log = new FakeLog();
  change(log);
  const retried: KafkaFault[] = [];
  const defects: unknown[] = [];
  const life = new Subscriber<never>({ next() {}, error: (thrown: unknown) => defects.push(thrown), complete() {} });
  const partition = new FollowedPartition({
    exit: binding,
    topic: 't',
    partition: 0,
    log,
    from: () => 'earliest',
    patience: () => patience,
    backoff: { backoff: 100, random: () => 0.5 },
    scheduler: clock,
    life,
    onRetry: (fault) => retried.push(fault),
  });
  const last = (): Asked => asked.at(-1) as Asked;
  return { clock, asked, log, retried, defects, partition, last };
}

const begun = { api: 'fetch', partition: 0, offset: 0n, lastStableOffset: 9n, highWatermark: 9n } as const;
const batch = (offset: bigint) => data(batchAt(offset), 100);
const standing = { logStart: 0n, highWatermark: 9n, lastStableOffset: 9n };
const watermark = flush({ mark: 'watermark', partition: 0, ...standing } as const);

describe('a partition that is followed', () => {
  it('should begin where it is told on an empty log, and ask for whole batches', () => {
    const { asked } = setup();
    expect(asked.map(({ begin }) => begin)).toEqual([
      { api: 'fetch', topic: 't', partition: 0, batches: true, isolation: 'read_uncommitted', from: 'earliest' },
    ]);
  });

  it('should go on where the log ends, by the epoch of its last batch', () => {
    const { last } = setup((log) => Object.assign(log, { next: 7n, lastEpoch: 2 }));
    expect(last().begin).toMatchObject({ from: { offset: 7n }, lastEpoch: 2 });
  });

  it('should write in order, one write at a time, and return credit for what is written', () => {
    const { last, log } = setup((log) => Object.assign(log, { next: 0n, held: true }));
    last().answer(begun);
    const granted = last().balance;
    for (const offset of [0n, 1n, 2n]) last().send(batch(offset));
    last().send(watermark);
    expect(log.done).toEqual([]);
    expect(last().balance).toBe(granted - 300);
    log.settle();
    expect(log.done).toEqual(['append 0']);
    expect(last().balance).toBe(granted - 200);
    log.settle();
    log.settle();
    expect(log.done).toEqual(['append 0', 'append 1,2', 'stand 9']);
    expect(last().balance).toBe(granted);
  });

  it('should go on from the end of the log after an ABORT, once what is being written is', () => {
    const { clock, asked, last, log, retried } = setup((log) => Object.assign(log, { next: 0n, held: true }));
    last().answer(begun);
    last().send(batch(0n));
    last().send(batch(1n));
    last().send(abort({ code: 'NET_RESET', message: 'gone' }));
    expect(retried.map(({ code }) => code)).toEqual(['NET_RESET']);
    clock.advance(1_000);
    expect(asked).toHaveLength(1);
    log.settle();
    clock.advance(10_000);
    expect(asked).toHaveLength(2);
    expect(last().begin).toMatchObject({ from: { offset: 1n }, lastEpoch: 3 });
  });

  it('should try a write that failed again, with what it was to write fetched anew', () => {
    const { clock, last, log, retried } = setup((log) => Object.assign(log, { next: 0n }));
    last().answer(begun);
    log.failing = new SluiceError('NET_FAILED', 'the disk is full');
    last().send(batch(0n));
    expect(log.done).toEqual([]);
    expect(retried).toHaveLength(1);
    clock.advance(1_000);
    last().answer(begun);
    last().send(batch(0n));
    expect(log.done).toEqual(['append 0']);
  });

  it('should do what a gap says: pass what retention took, remove what was truncated, tell what is lost', () => {
    const { last, log } = setup((log) => Object.assign(log, { next: 5n }));
    last().answer(begun);
    last().send(flush({ mark: 'gap', partition: 0, from: 5n, to: 8n, reason: 'retention' }));
    last().send(flush({ mark: 'gap', partition: 0, from: 3n, to: 8n, reason: 'truncated' }));
    last().send(flush({ mark: 'gap', partition: 0, from: 3n, to: 9n, reason: 'corrupt' }));
    expect(log.done).toEqual(['pass 8', 'truncate 3', 'lose 9']);
  });

  it('should fill a log again that begins anew as it is cut, though nothing more comes', () => {
    const { clock, last, log, asked } = setup((log) => Object.assign(log, { next: 5n, isCompacted: true }));
    last().answer(begun);
    last().send(flush({ mark: 'gap', partition: 0, from: 3n, to: 5n, reason: 'truncated' }));
    last().send(flush({ mark: 'progress', partition: 0, offsets: new Map([[0, 4n]]) }));
    clock.advance(1_000);
    expect(asked).toHaveLength(2);
    expect(last().begin).toMatchObject({ from: 'earliest' });
    last().answer(begun);
    expect(log.done).toEqual(['truncate 3', 'begin 0']);
  });

  it('should drop a log that was away for longer than tombstones are kept, and fill it from its start', () => {
    for (const away of [{ levelAt: -2 * HOUR }, { begunAt: -2 * HOUR }]) {
      const { last, log, asked } = setup((log) => Object.assign(log, { next: 5n, ...away }), HOUR);
      expect(log.done).toEqual(['restart tombstones']);
      expect(asked).toHaveLength(1);
      expect(last().begin).toMatchObject({ from: 'earliest' });
    }
    const back = setup((log) => Object.assign(log, { next: 5n, begunAt: -2 * HOUR, levelAt: 0 }), HOUR);
    expect(back.log.done).toEqual([]);
  });

  it('should drop a log of which a clock that went back does not tell how long it was away', () => {
    const { log } = setup((log) => Object.assign(log, { next: 5n, levelAt: 2 * HOUR }), HOUR);
    expect(log.done).toEqual(['restart tombstones']);
    expect(setup((log) => Object.assign(log, { next: 5n, levelAt: HOUR / 2 }), HOUR).log.done).toEqual([]);
  });

  it('should drop it as well when it was out of touch for so long while it was open', () => {
    const { clock, last, log, asked } = setup((log) => Object.assign(log, { next: 0n }), HOUR);
    last().answer(begun);
    last().send(batch(0n));
    clock.advance(2 * HOUR);
    last().send(batch(1n));
    expect(log.done).toEqual(['append 0', 'restart tombstones']);
    expect(asked[0]?.isOpen).toBe(false);
    expect(last().begin).toMatchObject({ from: 'earliest' });
  });

  it('should not count as level once it has heard nothing for a while', () => {
    const { clock, last, log } = setup((log) => Object.assign(log, { next: 9n }));
    last().answer(begun);
    last().send(watermark);
    expect(log.isLevel).toBe(true);
    clock.advance(60_000);
    expect(log.isLevel).toBe(false);
  });

  it('should be in touch as long as its source tells it something, however short tombstones are kept', () => {
    const { clock, last, log, asked } = setup(() => {}, 100);
    last().answer(begun);
    last().send(batch(0n));
    for (let news = 1n; news <= 3n; news += 1n) {
      clock.advance(5_000);
      last().send(watermark);
      last().send(batch(news));
    }
    expect([log.next, asked.length]).toEqual([4n, 1]);
    clock.advance(15_001);
    last().send(batch(4n));
    expect([log.done.at(-1), asked.length]).toEqual(['restart tombstones', 2]);
  });

  it('should leave nothing open once it is closed', () => {
    const { clock, last, partition, defects } = setup();
    last().answer(begun);
    partition.close();
    expect(last().isOpen).toBe(false);
    expect(clock.timers).toBe(0);
    expect(defects).toEqual([]);
  });
});
