import { OFFSET_OUT_OF_RANGE, scripted, two } from './scripted.ts';

const ahead = { highWatermark: 6n, records: two(0n) };
const more = { highWatermark: 6n, records: two(2n) };

describe('a bounded reader of a log that loses its end', () => {
  it('goes back to where the log parts from what it read, and ends where that ends', () => {
    const log = scripted([ahead, more], { isBounded: true });
    log.lead({ highWatermark: 2n, diverging: { epoch: 0, endOffset: 2n } }, { highWatermark: 2n });
    log.take();
    expect(log.sent).toEqual(['0', '1', '2', '3', 'truncated 2 to 4', 'caught-up']);
    // Nothing more is wanted than the old leader had, and the new one parts from.
    expect(log.asked).toEqual([0n, 0n, 2n, 4n, 4n, 2n]);
  });

  it('reads what the new leader has instead, up to its end', () => {
    const log = scripted([ahead, more], { isBounded: true });
    log.lead({ highWatermark: 4n, diverging: { epoch: 0, endOffset: 2n } }, { highWatermark: 4n, records: two(2n, 1) });
    log.take();
    expect(log.sent).toEqual(['0', '1', '2', '3', 'truncated 2 to 4', '2', '3', 'caught-up']);
  });

  it('asks for the end anew where its position is not in the log any more', () => {
    const log = scripted([ahead, more], { isBounded: true, epochEnd: 2n });
    log.lead({ highWatermark: 2n, error: OFFSET_OUT_OF_RANGE }, { highWatermark: 2n });
    log.take();
    expect(log.sent).toEqual(['0', '1', '2', '3', 'truncated 2 to 4', 'caught-up']);
  });

  it('keeps the end where only its position was passed by retention', () => {
    const log = scripted([ahead], { isBounded: true, logStart: 4n });
    log.lead({ highWatermark: 9n, error: OFFSET_OUT_OF_RANGE }, { highWatermark: 9n, records: two(4n) });
    log.take();
    expect(log.sent).toEqual(['0', '1', 'retention 2 to 4', '4', '5', 'caught-up']);
    expect(log.asked).toEqual([0n, 0n, 2n, 2n, 4n]);
  });

  it('is told what it does not get of an end that was lost ahead of it', () => {
    const log = scripted([ahead], { isBounded: true, epochEnd: 4n });
    log.lead({ highWatermark: 4n, records: two(2n) }, { highWatermark: 4n });
    log.take();
    expect(log.sent).toEqual(['0', '1', '2', '3', 'truncated 4 to 6', 'caught-up']);
    expect(log.epochs).toEqual([0]);
  });

  it('reads on while the log goes on, though less of it is replicated yet', () => {
    const log = scripted([ahead], { isBounded: true, epochEnd: 4n });
    log.lead({ highWatermark: 2n }, { highWatermark: 4n, records: two(2n) }, { highWatermark: 4n });
    log.take();
    expect(log.sent).toEqual(['0', '1', '2', '3', 'truncated 4 to 6', 'caught-up']);
    expect(log.epochs).toEqual([0, 0]);
  });

  it('ends where it was to be the end, if the new leader has had as much', () => {
    const log = scripted([ahead], { isBounded: true, epochEnd: 2n });
    log.lead({ highWatermark: 8n, records: Buffer.concat([two(2n, 1), two(4n, 1), two(6n, 1)]) });
    log.take();
    expect(log.sent).toEqual(['0', '1', '2', '3', '4', '5', 'caught-up']);
    expect(log.epochs).toEqual([]);
  });

  it('sends what waits of the old log first, and is not level by it', () => {
    const log = scripted([ahead, more], { isBounded: true });
    log.lead({ highWatermark: 3n, diverging: { epoch: 0, endOffset: 1n } }, { highWatermark: 3n, records: two(1n, 1) });
    log.take();
    expect(log.sent).toEqual(['0', '1', '2', '3', 'truncated 1 to 4', '1', '2', 'caught-up']);
  });
});

describe('a reader of whole batches of a log that loses its end', () => {
  it('is level with the end that there is', () => {
    const log = scripted([ahead], { isWhole: true, epochEnd: 4n });
    log.lead({ highWatermark: 4n, records: two(2n) }, { highWatermark: 4n });
    log.take();
    expect(log.sent).toEqual(['batch 0', 'watermark 6', 'batch 2', 'watermark 4', 'truncated 4 to 6', 'caught-up']);
  });
});

describe('a log that parts from what was read', () => {
  it('is read from the position on where it has more and nothing of the epoch that was read last', () => {
    const log = scripted([{ highWatermark: 4n, records: Buffer.concat([two(0n), two(2n, 3)]) }]);
    log.lead({ highWatermark: 9n, diverging: { epoch: 1, endOffset: 9n } }, { highWatermark: 9n, records: two(4n, 1) });
    log.take();
    expect(log.sent).toEqual(['0', '1', '2', '3', 'caught-up', 'truncated 4 to 4', '4', '5']);
  });
});
