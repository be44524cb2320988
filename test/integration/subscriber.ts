import { type Control, reset, window } from '../../src/control.ts';
import { Deque } from '../../src/deque.ts';
import { emitter } from '../../src/emitter.ts';
import { type Data, type End, end, type Frame } from '../../src/frame.ts';
import { lawful } from '../../src/lawful.ts';
import { cut } from '../../src/payload.ts';
import type {
  Acks,
  Fragment,
  Kafka,
  KafkaAnswer,
  KafkaBegin,
  KafkaFault,
  KafkaMark,
  KafkaRecord,
  KafkaReplyBegin,
} from '../../src/protocol/kafka.ts';
import { fragment } from '../../src/protocol/kafka-fragment.ts';
import type { Binding } from '../../src/protocol.ts';
import type { Run } from '../../src/run.ts';

/** A record to produce; by its key, unless it says a partition. */
export interface Produced {
  readonly key?: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: readonly (readonly [string, string | null])[];
  readonly partition?: number;
  readonly acks?: Acks;
}

/** A record whose bytes are its own. */
export interface Kept {
  readonly partition: number;
  readonly offset: bigint;
  readonly timestamp: bigint;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
  readonly aborted: boolean;
}

const text = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('latin1');

const bytes = (value: string | Buffer): Buffer => (typeof value === 'string' ? Buffer.from(value) : value);

/** What a test keeps of a record; bytes as latin1, which is byte for byte. */
export const kept = ({ partition, offset, timestamp, key, value, headers, aborted }: KafkaRecord): Kept => ({
  partition,
  offset,
  timestamp,
  key: text(key),
  value: text(value),
  headers: headers.map((header) => [header.name, text(header.value)] as const),
  aborted,
});

/** One stream of a kafka binding in the hands of a test; both lanes are held to the laws. */
export class Subscriber {
  begun: KafkaReplyBegin | undefined;
  readonly records: Kept[] = [];
  readonly marks: KafkaMark[] = [];
  readonly answers: KafkaAnswer[] = [];
  readonly data: unknown[] = [];
  /** Resolves at END, rejects with the fault of an ABORT or a defect. */
  readonly over: Promise<void>;
  fault: KafkaFault | undefined;
  #control: ((control: Control) => void) | undefined;
  readonly #credit: number;
  readonly #returns: boolean;
  readonly #subscription;
  readonly #fragments = new Deque<Data<Fragment>>();
  #ended = false;
  #wake: () => void = () => {};
  #watch: () => void = () => {};

  /** @param credit what is granted at first; it is returned as it is used, unless `returns` is false */
  constructor(binding: Binding<Kafka>, begin: KafkaBegin, { credit = 1 << 20, returns = true } = {}) {
    this.#credit = credit;
    this.#returns = returns;
    const initial = emitter<Kafka['initial']>(begin, (wake) => {
      this.#wake = wake;
      return { pull: (balance) => this.#pull(balance) };
    });
    const reply = initial.pipe(lawful('initial'), binding, lawful('reply'));
    const { promise, resolve, reject } = withResolvers();
    this.over = promise;
    promise.catch(() => {});
    this.#subscription = reply.subscribe({
      next: (frame) => {
        this.#take(frame);
        if (frame.kind === 'end') resolve();
        if (frame.kind === 'abort') {
          this.fault = frame.ext;
          reject(frame.ext ?? new Error('ABORT without a fault'));
        }
        this.#watch();
      },
      error: (defect) => {
        reject(defect);
        this.#watch();
      },
    });
  }

  /** Resolves once `condition` holds; rejects if the stream fails before. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.over.catch(reject);
      this.#watch = () => condition() && resolve();
      this.#watch();
    });
  }

  grant(credit: number): void {
    this.#control?.(window(credit));
  }

  reset(): void {
    this.#control?.(reset());
  }

  /** Produces a record, as soon as there is credit. */
  send({ key = null, value, headers = [], ...rest }: Produced): void {
    const opens = {
      key: key === null ? null : bytes(key),
      headers: headers.map(([name, text]) => ({ name, value: text === null ? null : Buffer.from(text) })),
      ...(value === null && { tombstone: true }),
      ...rest,
    };
    this.#fragments.push(fragment(bytes(value ?? ''), true, opens));
    this.#wake();
  }

  /** Ends the initial lane, once all is sent. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  leave(): void {
    this.#subscription.unsubscribe();
  }

  #take(frame: Frame<Kafka['reply']>): void {
    if (frame.kind === 'begin') {
      this.begun = frame.ext;
      this.#control = frame.control;
      if (this.#credit > 0) frame.control(window(this.#credit));
    } else if (frame.kind === 'data') {
      const { payload } = frame;
      if ('at' in payload) this.#keep(payload);
      else this.data.push(payload);
      if (this.#returns) this.#control?.(window(frame.reserved));
    } else if (frame.kind === 'flush') {
      if ('mark' in frame.ext) this.marks.push(frame.ext);
      else this.answers.push(frame.ext);
    }
  }

  #pull(balance: number): Data<Fragment> | End<never> | undefined {
    const { first } = this.#fragments;
    if (first === undefined) return this.#ended ? end() : undefined;
    if (balance <= 0) return undefined;
    const parts = cut(first, balance);
    if (parts === undefined) return this.#fragments.shift();
    this.#fragments.first = parts[1];
    return parts[0];
  }

  #keep(run: Run<KafkaRecord>): void {
    for (let index = 0; index < run.length; index += 1) this.records.push(kept(run.at(index)));
  }
}

function withResolvers() {
  let resolve: () => void = () => {};
  let reject: (thrown: unknown) => void = () => {};
  const promise = new Promise<void>((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}

/** Reads to the end what `begin` asks for, which is bounded. */
export async function readToEnd(binding: Binding<Kafka>, begin: KafkaBegin, options = {}): Promise<Subscriber> {
  const subscriber = new Subscriber(binding, begin, options);
  await subscriber.over;
  return subscriber;
}
