import { ConflatingQueue } from '../../../src/flow/conflating-queue.ts';
import { data, type Flush, flush, keep, type Mark, records } from '../../../src/index.ts';
import { batch, type Keyed, pinned } from '../memory.ts';

const SIZE = 1_000;
const keyOf = ({ key }: Keyed): number => key;
const one = (key: number, offset: number) => records<Keyed>([{ partition: 0, offset: BigInt(offset), key }]);
const mark = (ext: Mark): Flush<never> => flush(ext) as Flush<never>;

function drain(queue: ConflatingQueue<Keyed>, balance: number): string[] {
  const told: string[] = [];
  for (let frame = queue.poll(balance); frame !== undefined; frame = queue.poll(balance)) {
    if (frame.kind === 'data') told.push(`data ${frame.payload.at(0).key}`);
    else told.push(`${(frame.ext as Mark).mark} ${(frame.ext as { to?: number }).to}`);
  }
  return told;
}

describe('a conflating queue', () => {
  it('pins nothing of the runs whose records were all replaced', async () => {
    const queue = new ConflatingQueue(keyOf, () => {});
    for (let index = 0; index < 12; index += 1) queue.offer(data(batch(SIZE, index * SIZE), SIZE));
    expect(queue.waiting).toBe(SIZE);
    expect(await pinned(SIZE)).toBe(SIZE);
    expect(drain(queue, 2 * SIZE)).toEqual(['data 0']);
  });

  it('pins at most four times what waits, and a batch, while its records are replaced one by one', async () => {
    const queue = new ConflatingQueue(keyOf, () => {});
    const offer = (part: number): void =>
      queue.offer(keep(data(batch(SIZE, part * SIZE).slice(part * 100, part * 100 + 100), 100)));
    for (let part = 0; part < 10; part += 1) offer(part);
    for (let key = 0; key < SIZE; key += 1) {
      queue.offer(one(key, 100_000 + key));
      if (key % 50 !== 0) continue;
      const limit = SIZE + 4 * queue.waiting;
      expect(await pinned(limit)).toBeLessThanOrEqual(limit);
    }
    expect(queue.waiting).toBe(SIZE);
    expect(await pinned(0)).toBe(0);
    expect(drain(queue, 1).length).toBe(SIZE);
  });

  it('pins at most four times what is left of a run that is sent bit by bit', async () => {
    const queue = new ConflatingQueue(keyOf, () => {});
    queue.offer(data(batch(SIZE, 0), SIZE));
    queue.offer(one(SIZE, SIZE));
    const send = (): number | undefined => queue.poll(70) && queue.waiting;
    for (let left = send(); left !== undefined && left > 1; left = send()) {
      const limit = 4 * queue.waiting;
      expect(await pinned(limit)).toBeLessThanOrEqual(limit);
    }
  });

  it('holds one progress mark when what stood between many was replaced', () => {
    const queue = new ConflatingQueue(keyOf, () => {});
    queue.offer(one(1, 0));
    for (let index = 0; index < 10_000; index += 1) {
      queue.offer(one(2, index));
      queue.mark(mark({ mark: 'progress', partition: 0, to: index } as Mark));
      queue.mark(mark({ mark: 'watermark', partition: 0, to: index } as Mark));
    }
    const told = drain(queue, 1);
    expect(told.length).toBeLessThan(100);
    expect(told.slice(-3)).toEqual(['data 2', 'progress 9999', 'watermark 9999']);
  });
});
