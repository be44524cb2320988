import * as fc from 'fast-check';
import { concatMap, defer, type Observable, of, throwError } from 'rxjs';
import { embedded } from '../../operators/kafka/embedded.ts';
import type { Store, Write } from '../../src/cache/store.ts';
import { Consumer } from '../operators/kafka/consumer.ts';
import { MemoryStore } from '../src/cache/memory-store.ts';
import { temporary } from '../src/cache/open.ts';
import { Clock } from '../src/kafka/clock.ts';

const root = temporary();
const PARTITIONS = 2;
const STREAMS = 3;
let directories = 0;

/** A store whose next write can be told to fail: before it is done, or, as a disk may, after. */
class FailingStore extends MemoryStore {
  failing: 'before' | 'after' | undefined;

  override write(writes: readonly Write[]): Observable<void> {
    return defer(() => {
      const { failing } = this;
      this.failing = undefined;
      const failed = throwError(() => new Error('No space left on device'));
      if (failing === 'before') return failed;
      return failing === undefined ? super.write(writes) : super.write(writes).pipe(concatMap(() => failed));
    });
  }
}

type Step =
  | {
      readonly step: 'send';
      readonly stream: number;
      readonly partition: number;
      readonly records: number;
      readonly size: number;
    }
  | { readonly step: 'wait'; readonly ms: number }
  | { readonly step: 'fail'; readonly how: 'before' | 'after' }
  | { readonly step: 'restart' };

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        step: fc.constant('send' as const),
        stream: fc.nat(STREAMS - 1),
        partition: fc.nat(PARTITIONS - 1),
        records: fc.integer({ min: 1, max: 5 }),
        size: fc.oneof(fc.nat(50), fc.integer({ min: 20_000, max: 90_000 })),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ step: fc.constant('wait' as const), ms: fc.oneof(fc.nat(20), fc.constant(6_000)) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ step: fc.constant('fail' as const), how: fc.constantFrom('before', 'after') }),
    },
    { weight: 1, arbitrary: fc.constant({ step: 'restart' as const }) },
  ),
  { minLength: 10, maxLength: 60 },
);

/** A log that is written by several streams, and opened again. */
class Play {
  readonly clock = new Clock();
  readonly store = new FailingStore();
  readonly #dir = `${root}/${directories++}`;
  /** By `partition@offset`, what was acknowledged there; and all that was sent, by stream. */
  readonly acknowledged = new Map<string, string>();
  readonly sent: string[][] = [];
  #binding = this.#open();
  #streams: { consumer: Consumer; values: string[] }[] = [];
  #next = 0;

  #open() {
    return embedded({
      ...{ dir: this.#dir, topics: [{ name: 't', partitions: PARTITIONS }], scheduler: this.clock },
      ...{ open: (): Observable<Store> => of(this.store), hasRoom: () => of(true), produceWindow: 50_000 },
    });
  }

  run(step: Step): void {
    if (step.step === 'wait') this.clock.advance(step.ms);
    else if (step.step === 'fail') this.store.failing = step.how;
    else if (step.step === 'restart') this.restart();
    else this.#send(step);
  }

  #send({ stream, partition, records, size }: Extract<Step, { step: 'send' }>): void {
    const known = this.#streams[stream] ?? this.#stream(stream);
    for (let record = 0; record < records; record += 1) {
      // One that holds all credit is waited for.
      if (known.consumer.balance <= 0) this.clock.advance(10);
      if (known.consumer.balance <= 0) return;
      const value = `${this.#next++}`;
      known.values.push(value);
      try {
        known.consumer.send('x'.repeat(size), { key: Buffer.from(value), partition });
      } catch {
        // The rest of it never came: nothing of it is there.
        known.values.pop();
        this.#collect(known);
        known.consumer.abort();
        delete this.#streams[stream];
        return;
      }
    }
  }

  #stream(stream: number): { consumer: Consumer; values: string[] } {
    const consumer = new Consumer(this.#binding, { api: 'merged', capabilities: 'produce', topic: 't' }, 1_000);
    this.clock.advance(10);
    const made = { consumer, values: [] };
    this.sent.push(made.values);
    this.#streams[stream] = made;
    return made;
  }

  #collect({ consumer, values }: { consumer: Consumer; values: readonly string[] }): void {
    for (const answer of consumer.answers)
      if (answer.answer === 'produced')
        this.acknowledged.set(`${answer.partition}@${answer.offset}`, values[answer.record] as string);
  }

  restart(): void {
    for (const stream of this.#streams) if (stream !== undefined) this.#collect(stream);
    for (const stream of this.#streams) stream?.consumer.leave();
    this.#streams = [];
    this.clock.advance(2_000);
    this.#binding = this.#open();
  }

  /** All that there is, by partition, in the order of offsets. */
  read(): { readonly offsets: bigint[][]; readonly values: string[][]; readonly got: string[] } {
    const ext = { api: 'merged', capabilities: 'fetch', topic: 't', until: 'latest' } as const;
    const { got } = new Consumer(this.#binding, ext, 1e9);
    this.clock.advance(100);
    const [offsets, values]: [bigint[][], string[][]] = [
      [[], []],
      [[], []],
    ];
    for (const one of got) {
      const [, partition, value, offset] = /^(\d)\/(\d+)@(\d+)$/.exec(one) ?? [];
      if (partition === undefined) continue;
      offsets[Number(partition)]?.push(BigInt(offset as string));
      values[Number(partition)]?.push(value as string);
    }
    return { offsets, values, got };
  }
}

describe('an embedded log, whatever is done to it', () => {
  it('has what it acknowledged, where it said, once and in order', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const play = new Play();
        for (const step of all) play.run(step);
        play.store.failing = undefined;
        // Whatever waits is written, or refused, by then.
        play.clock.advance(20_000);
        play.restart();
        const { offsets, values, got } = play.read();
        expect(got.slice(-2)).toEqual(['end', 'complete']);
        for (const own of offsets) expect(own).toEqual(own.map((_, index) => BigInt(index)));
        for (const [place, value] of play.acknowledged) {
          const [partition, offset] = place.split('@').map(Number) as [number, number];
          expect([place, values[partition]?.[offset]]).toEqual([place, value]);
        }
        for (const own of values) {
          expect(new Set(own).size).toBe(own.length);
          for (const stream of play.sent) {
            const ours = own.filter((value) => stream.includes(value));
            expect(ours).toEqual(stream.filter((value) => ours.includes(value)));
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
