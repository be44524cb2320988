import { Observable, type OperatorFunction, map as rxMap } from 'rxjs';
import { match, P } from 'ts-pattern';
import { buffer } from '../../operators/flow/buffer.ts';
import { conflate } from '../../operators/flow/conflate.ts';
import { filter } from '../../operators/flow/filter.ts';
import { map } from '../../operators/flow/map.ts';
import { window } from '../../src/control.ts';
import { emitter } from '../../src/emitter.ts';
import { type Data, data, end, type Frame } from '../../src/frame.ts';
import { lawful } from '../../src/lawful.ts';
import type { Answer, Mark } from '../../src/marks.ts';
import type { RunLane } from '../../src/protocol.ts';
import { type Positioned, type Run, records } from '../../src/run.ts';
import { compare, type Figure, median, print, type Work } from './measure.ts';

interface Numbered extends Positioned {
  readonly key: number;
}
interface Lane extends RunLane<Numbered> {
  readonly flush: Mark | Answer;
}
type Frames = Observable<Frame<Lane>>;

const FRAMES = 300_000;
const WINDOW = 64;

/** Prints what frames, hops and relays cost, against RxJS doing nothing but its own work. */
export async function benchFrames(): Promise<void> {
  print('per frame of one record (five bare RxJS maps = 1)', apart(await compare(hops(1, FRAMES))), 'frame');
  print('per record, in runs of 100', apart(await compare(hops(100, FRAMES * 50))), 'record');
  print('dispatch on the kind of a frame', await compare(dispatch()), 'frame');
  heap();
}

const ENDS = 'source to sink';
const FIVE_HOPS = 'five transparent hops (rxjs map, a new frame each)';

/** The figures, and what the five hops cost without the source and the sink of their frames. */
function apart(figures: readonly Figure[]): Figure[] {
  const of = (wanted: string): number => figures.find(({ name }) => name === wanted)?.nanoseconds ?? Number.NaN;
  return [...figures, { name: 'the five hops alone', nanoseconds: of(FIVE_HOPS) - of(ENDS) }];
}

function hops(length: number, total: number): Work[] {
  const credit = WINDOW * length;
  const frames = source(length, total);
  const five = (hop: OperatorFunction<Frame<Lane>, Frame<Lane>>): Frames => frames.pipe(hop, hop, hop, hop, hop);
  const run = (name: string, piped: Frames): Work => ({ name, run: () => consume(piped, credit) });
  const bump = rxMap((frame: Frame<Lane>) => (frame.kind === 'data' ? data(frame.payload, frame.reserved) : frame));
  return [
    { name: 'five bare RxJS maps', run: () => bare(length, total) },
    run(ENDS, frames),
    run(FIVE_HOPS, five(bump)),
    run('five filters that pass all', five(filter(() => true))),
    run('five maps of every record', five(map((record: Numbered) => record))),
    run('one relay (buffer)', frames.pipe(buffer({ window: credit, overflow: 'backpressure' }))),
    run('five relays', five(buffer({ window: credit, overflow: 'backpressure' }))),
    run('one conflate, prompt consumer', frames.pipe(conflate({ window: credit, key: ({ key }: Numbered) => key }))),
    run('lawful', frames.pipe(lawful())),
  ];
}

/** Sends `total` records in runs of `length`, the same runs again and again, so that making them is not measured. */
function source(length: number, total: number): Frames {
  const runs = Array.from({ length: 64 }, (_, run) =>
    records(Array.from({ length }, (_, index) => ({ partition: 0, offset: BigInt(run * length + index), key: index }))),
  );
  return new Observable((out) => {
    let sent = 0;
    return emitter<Lane>(undefined, () => ({
      pull(balance) {
        if (sent >= total) return end();
        if (balance <= 0) return undefined;
        sent += length;
        const { payload, reserved } = runs[sent & 63] as Data<Run<Numbered>>;
        return data(payload, reserved);
      },
    })).subscribe(out);
  });
}

function consume(frames: Frames, credit: number): Promise<number> {
  let used = 0;
  let count = 0;
  let grant = (_: number): void => {};
  return new Promise((resolve) => {
    frames.subscribe((frame) => {
      if (frame.kind === 'begin') {
        grant = (more) => frame.control(window(more));
        grant(credit);
      } else if (frame.kind === 'data') {
        count += frame.payload.length;
        used += frame.reserved;
        if (used * 2 < credit) return;
        grant(used);
        used = 0;
      } else if (frame.kind === 'end') resolve(count);
    });
  });
}

function bare(length: number, total: number): number {
  let count = 0;
  const add = rxMap((value: number) => value + 1);
  new Observable<number>((out) => {
    for (let sent = 0; sent < total; sent += length) out.next(sent);
    out.complete();
  })
    .pipe(add, add, add, add, add)
    .subscribe(() => {
      count += length;
    });
  return count;
}

function dispatch(): Work[] {
  const kinds: Frame<Lane>[] = [
    end(),
    records([{ partition: 0, offset: 0n, key: 0 }]),
    { kind: 'flush', ext: { mark: 'progress' } },
  ];
  const each = (name: string, cost: (frame: Frame<Lane>) => number): Work => ({
    name,
    run() {
      let sum = 0;
      for (let index = 0; index < FRAMES; index += 1) sum += cost(kinds[index % 3] as Frame<Lane>);
      return sum > 0 ? FRAMES : Number.NaN;
    },
  });
  return [
    each('switch', (frame) => {
      switch (frame.kind) {
        case 'data':
          return frame.reserved;
        case 'end':
          return 1;
        default:
          return 0;
      }
    }),
    each('ts-pattern', (frame) =>
      match(frame)
        .with({ kind: 'data' }, ({ reserved }) => reserved)
        .with({ kind: 'end' }, () => 1)
        .with({ kind: P.union('begin', 'flush', 'abort') }, () => 0)
        .exhaustive(),
    ),
  ];
}

/** Prints what an open stream that sends nothing holds. */
function heap(): void {
  const collect = globalThis.gc;
  if (collect === undefined) return;
  console.log('\nheap per idle stream');
  const rows: [string, (idle: Frames) => Frames][] = [
    ['source to sink', (idle) => idle],
    ['through one relay', (idle) => idle.pipe(buffer({ window: 64, overflow: 'backpressure' }))],
    ['through one conflate', (idle) => idle.pipe(conflate({ window: 64, key: ({ key }: Numbered) => key }))],
  ];
  const idle = emitter<Lane>(undefined, () => ({ pull: () => undefined }));
  for (const [name, through] of rows) {
    const sizes = [0, 1, 2].map(() => {
      collect();
      const before = process.memoryUsage().heapUsed;
      const open = Array.from({ length: 5_000 }, () => through(idle).subscribe());
      collect();
      const bytes = (process.memoryUsage().heapUsed - before) / open.length;
      for (const stream of open) stream.unsubscribe();
      return bytes;
    });
    console.log(`  ${name.padEnd(48)} ${median(sizes).toFixed(0).padStart(8)} bytes`);
  }
}
