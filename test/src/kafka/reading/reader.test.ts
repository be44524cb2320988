import { OFFSET_NOT_AVAILABLE, scripted, two } from './scripted.ts';

describe('a reader of a partition that is written to', () => {
  it('takes what was replicated after its broker looked at the high watermark', () => {
    const records = Buffer.concat([two(0n), two(2n), two(4n)]);
    const live = scripted([{ highWatermark: 2n, records }]);
    live.take();
    expect([live.values(), live.fault()]).toEqual([['0', '1', '2', '3', '4', '5'], undefined]);
    expect(live.asked).toEqual([0n, 6n]);
  });

  it('takes a batch of which the high watermark is in the middle', () => {
    const live = scripted([
      { highWatermark: 1n, records: two(0n) },
      { highWatermark: 3n, records: two(2n) },
    ]);
    live.take();
    expect([live.values(), live.fault()]).toEqual([['0', '1', '2', '3'], undefined]);
    expect(live.asked).toEqual([0n, 2n, 4n]);
  });

  it('refuses what is beyond the high watermark and does not follow on what it has', () => {
    const live = scripted([{ highWatermark: 2n, records: Buffer.concat([two(0n), two(3n)]) }]);
    expect(live.take).toThrow('t/0, batch at offset 3: stands beyond the high watermark, 2');
    expect(live.values()).toEqual(['0', '1']);
    expect(live.asked).toEqual([0n]);
  });

  it('fails, and does not wait, if the end that it was told first is beyond where its leader says that the log ends', () => {
    const live = scripted([
      { highWatermark: 143n, records: two(0n) },
      { highWatermark: 4n, records: two(2n) },
    ]);
    expect(live.take).toThrow('t/0 ended at 143, and ends at 4 under the same leader');
    expect(live.values()).toEqual(['0', '1', '2', '3']);
  });

  it('waits for a leader that is new, and does not know yet how far all of it is replicated', () => {
    const live = scripted([{ highWatermark: 6n, records: two(0n) }], { epochEnd: 6n });
    live.lead({ highWatermark: 4n, records: two(2n) }, { highWatermark: 6n, records: two(4n) });
    live.take();
    expect([live.values(), live.fault()]).toEqual([['0', '1', '2', '3', '4', '5'], undefined]);
    expect(live.asked).toEqual([0n, 2n, 2n, 4n, 6n]);
    expect(live.epochs).toEqual([0]);
  });
});

describe('a bounded reader', () => {
  it('asks for its end, and waits until a new leader knows it, though a fetch told less before', () => {
    const told: (readonly [number, bigint])[] = [
      [OFFSET_NOT_AVAILABLE, -1n],
      [0, 4n],
    ];
    const behind = { highWatermark: 2n, records: two(0n) };
    const whole = { highWatermark: 6n, records: Buffer.concat([two(0n), two(2n), two(4n)]) };
    const read = scripted([behind, behind, whole], { isBounded: true, latest: () => told.shift()! });
    read.take();
    expect(read.sent).toEqual(['0', '1', '2', '3', 'caught-up']);
    expect([read.retried, read.asked, read.fault()]).toEqual([['OFFSET_NOT_AVAILABLE'], [0n, 0n, 0n], undefined]);
  });
});
