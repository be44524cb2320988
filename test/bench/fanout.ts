import type { Observable } from 'rxjs';
import { fanout } from '../../operators/flow/fanout.ts';
import { window } from '../../src/control.ts';
import { emitter } from '../../src/emitter.ts';
import { type Data, data, end, type Frame } from '../../src/frame.ts';
import type { RunLane } from '../../src/protocol.ts';
import { type Positioned, type Run, records } from '../../src/run.ts';
import { compare, print, type Work } from './measure.ts';

const CONSUMERS = 1_000;

/** Prints what serving a record to each of 1,000 consumers costs, against a loop that calls 1,000 functions. */
export async function benchFanout(): Promise<void> {
  const title = `fan-out to ${CONSUMERS}, per record and consumer`;
  print(title, await compare([callbacks(), shared(1, 1_000), shared(10, 2_000), shared(100, 10_000)]), 'record');
}

/** Calls the functions for each record; each reads the record as a consumer does. */
function callbacks(): Work {
  const seen = { sum: 0 };
  const listeners = Array.from({ length: CONSUMERS }, () => (record: Positioned) => {
    seen.sum += record.partition;
  });
  const run = list(100);
  return {
    name: 'a plain callback loop',
    run() {
      for (let sent = 0; sent < 10_000; sent += 1) {
        const record = run.payload.at(sent % 100);
        for (const listener of listeners) listener(record);
      }
      return 10_000 * CONSUMERS;
    },
  };
}

/** Consumers that grant half a window again and again. */
function shared(length: number, total: number): Work {
  const run = list(length);
  const credit = 64 * length;
  return {
    name: `fan-out, runs of ${length}`,
    run: () =>
      new Promise((resolve) => {
        let left = CONSUMERS;
        const seen = { sum: 0 };
        const frames = source(run, total).pipe(
          fanout<Positioned>({ window: credit, capacity: credit, overflow: 'drop-oldest' }),
        );
        for (let index = 0; index < CONSUMERS; index += 1) {
          consume(frames, credit, seen, () => {
            left -= 1;
            if (left === 0) resolve(total * CONSUMERS);
          });
        }
      }),
  };
}

/** Sends nothing before its last subscriber is there: a fan-out subscribes with the first. */
function source(run: Data<Run<Positioned>>, total: number): Observable<Frame<RunLane<Positioned>>> {
  return emitter<RunLane<Positioned>>(undefined, (wake) => {
    let sent = 0;
    let open = false;
    setImmediate(() => {
      open = true;
      wake();
    });
    return {
      pull(balance) {
        if (!open || balance <= 0) return undefined;
        if (sent >= total) return end();
        sent += run.payload.length;
        return data(run.payload, run.reserved);
      },
    };
  });
}

function consume(
  frames: Observable<Frame<RunLane<Positioned>>>,
  credit: number,
  seen: { sum: number },
  ended: () => void,
): void {
  let used = 0;
  let grant = (_: number): void => {};
  frames.subscribe((frame) => {
    switch (frame.kind) {
      case 'begin':
        grant = (more) => frame.control(window(more));
        return grant(credit);
      case 'data':
        for (let index = 0; index < frame.payload.length; index += 1) seen.sum += frame.payload.at(index).partition;
        used += frame.reserved;
        if (used * 2 < credit) return;
        grant(used);
        used = 0;
        return;
      case 'end':
        ended();
    }
  });
}

const list = (length: number): Data<Run<Positioned>> =>
  records(Array.from({ length }, (_, index) => ({ partition: 0, offset: BigInt(index) })));
