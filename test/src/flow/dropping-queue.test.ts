import { DroppingQueue } from '../../../src/flow/dropping-queue.ts';
import { ArrayRun, type Data, data, type Flush, flush, type Gap, type Mark, records } from '../../../src/index.ts';
import type { Positioned, Run } from '../../../src/run.ts';
import { batch, pinned } from '../memory.ts';

const one = (offset: number, partition = 0): Data<Run<Positioned>> => records([{ partition, offset: BigInt(offset) }]);
const mark = (ext: Mark): Flush<never> => flush(ext) as Flush<never>;

/** What a queue answers, in words, until it answers nothing. */
function drain(queue: DroppingQueue<Positioned>, balance: number): string[] {
  const told: string[] = [];
  for (let frame = queue.poll(balance); frame !== undefined; frame = queue.poll(balance)) {
    if (frame.kind === 'data') told.push(`data ${frame.payload.at(0).partition}:${frame.payload.at(0).offset}`);
    else {
      const { mark, partition, from, to } = frame.ext as Gap & { to: unknown };
      told.push([mark, partition, ...(mark === 'gap' ? [from, to] : to === undefined ? [] : [to])].join(' ').trim());
    }
  }
  return told;
}

describe('a dropping queue', () => {
  it('tells a gap behind the mark that stood before what was lost', () => {
    const queue = new DroppingQueue<Positioned>(1, 'oldest', () => {});
    queue.mark(mark({ mark: 'caught-up' }));
    queue.offer(one(0), 0);
    queue.mark(mark({ mark: 'filters' }));
    queue.offer(one(1), 0);
    queue.offer(one(2), 0);
    expect(drain(queue, 0)).toEqual(['caught-up']);
    expect(drain(queue, 1)).toEqual(['gap 0 0 1', 'filters', 'gap 0 1 2', 'data 0:2']);
  });

  it('tells a gap at the place where the newest were refused', () => {
    const queue = new DroppingQueue<Positioned>(1, 'newest', () => {});
    queue.offer(one(0), 0);
    queue.mark(mark({ mark: 'caught-up' }));
    queue.offer(one(1), 0);
    queue.offer(one(2), 0);
    queue.mark(mark({ mark: 'filters' }));
    expect(drain(queue, 1)).toEqual(['data 0:0', 'caught-up', 'gap 0 1 3', 'filters']);
  });

  it('tells a gap without credit once END has come, but not past DATA that waits for some', () => {
    const queue = new DroppingQueue<Positioned>(1, 'oldest', () => {});
    queue.offer(one(0), 0);
    queue.offer(one(1), 0);
    expect(drain(queue, 0)).toEqual([]);
    queue.end();
    expect(drain(queue, 0)).toEqual(['gap 0 0 1']);
    expect(queue.empty).toBe(false);
    expect(drain(queue, 1)).toEqual(['data 0:1']);
  });

  it('looks at two records of a run that it drops, however long that is', () => {
    const read: number[] = [];
    class Watched extends ArrayRun<Positioned> {
      override at(index: number): Positioned {
        read.push(index);
        return super.at(index);
      }
    }
    const list = Array.from({ length: 1_000 }, (_, offset) => ({ partition: 0, offset: BigInt(offset) }));
    const queue = new DroppingQueue<Positioned>(1, 'oldest', () => {});
    queue.offer(data(new Watched(list), 1_000), 2_000);
    queue.offer(one(1_000), 0);
    expect(read).toEqual([0, 999]);
    expect(drain(queue, 1)).toEqual(['gap 0 0 1000', 'data 0:1000']);
  });

  it('holds one gap and one progress mark of each partition, however much it drops', () => {
    for (const drop of ['oldest', 'newest'] as const) {
      const queue = new DroppingQueue<Positioned>(1, drop, () => {});
      for (let offset = 0; offset < 1_000; offset += 1) {
        for (const partition of [0, 1]) {
          queue.offer(one(offset, partition), 0);
          for (const kind of ['progress', 'watermark']) {
            queue.mark(mark({ mark: kind, partition, to: offset } as Mark));
          }
        }
      }
      expect(drain(queue, 1)).toEqual(
        drop === 'oldest'
          ? [
              ...['gap 0 0 1000', 'gap 1 0 999'],
              ...['progress 1 998', 'watermark 1 998', 'progress 0 999', 'watermark 0 999'],
              ...['data 1:999', 'progress 1 999', 'watermark 1 999'],
            ]
          : [
              ...['data 0:0', 'gap 1 0 1000', 'gap 0 1 1000'],
              ...['progress 0 999', 'watermark 0 999', 'progress 1 999', 'watermark 1 999'],
            ],
      );
    }
  });

  it.each(['oldest', 'newest'] as const)('pins at most four times what waits, dropping the %s', async (drop) => {
    const queue = new DroppingQueue<Positioned>(10, drop, () => {});
    for (let index = 0; index < 100; index += 1) queue.offer(data(batch(1_000, index * 1_000), 1_000), 0);
    expect(queue.waiting).toBe(10);
    expect(await pinned(4 * 10)).toBeLessThanOrEqual(4 * 10);
    expect(drain(queue, 1_000).length).toBeGreaterThan(0);
  });
});
