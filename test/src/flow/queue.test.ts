import { data, Fifo, type Flush, flush, type Lane, type Mark } from '../../../src/index.ts';

interface Told extends Mark {
  readonly to: number;
}

const mark = (mark: string, partition: number | undefined, to: number): Flush<Told> =>
  flush({ mark, partition, to } as Told);

const drain = (queue: Fifo<Lane>): unknown[] => {
  const told: unknown[] = [];
  for (let frame = queue.poll(9); frame !== undefined; frame = queue.poll(9)) {
    if (frame.kind === 'data') told.push(frame.payload);
    else {
      const { mark, partition, to } = frame.ext as Told;
      told.push([mark, partition, to].join(' '));
    }
  }
  return told;
};

describe('a queue', () => {
  it('holds one mark of each kind and partition, however many come in a stretch', () => {
    const queue = new Fifo<Lane>(() => {});
    queue.offer(data('first', 1));
    for (let to = 0; to < 10_000; to += 1) {
      for (const partition of [0, 1]) {
        queue.mark(mark('progress', partition, to));
        queue.mark(mark('watermark', partition, to));
      }
    }
    const last = ['progress 0 9999', 'watermark 0 9999', 'progress 1 9999', 'watermark 1 9999'];
    expect(drain(queue)).toEqual(['first', ...last]);
    expect(queue.empty).toBe(true);
  });

  it('tells the newest of a stretch at the place where it came', () => {
    const queue = new Fifo<Lane>(() => {});
    for (const frame of [mark('progress', 0, 1), mark('watermark', 0, 2), mark('progress', 0, 3)]) queue.mark(frame);
    expect(drain(queue)).toEqual(['watermark 0 2', 'progress 0 3']);
  });

  it('lets no mark replace one across DATA or a mark of another kind', () => {
    const queue = new Fifo<Lane>(() => {});
    queue.mark(mark('progress', 0, 1));
    queue.offer(data('one', 1));
    queue.mark(mark('progress', 0, 2));
    queue.mark(mark('caught-up', undefined, 0));
    queue.mark(mark('progress', 0, 3));
    queue.mark(mark('caught-up', undefined, 1));
    const all = ['progress 0 1', 'one', 'progress 0 2', 'caught-up  0', 'progress 0 3', 'caught-up  1'];
    expect(drain(queue)).toEqual(all);
  });

  it('takes a lane without partition for one of its own', () => {
    const queue = new Fifo<Lane>(() => {});
    for (const frame of [mark('progress', undefined, 1), mark('progress', 0, 2), mark('progress', undefined, 3)])
      queue.mark(frame);
    expect(drain(queue)).toEqual(['progress 0 2', 'progress  3']);
  });
});
