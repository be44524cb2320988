import { type ControlSink, window } from '../../src/control.ts';
import { emitter } from '../../src/emitter.ts';
import type { Kafka, KafkaBegin, KafkaRecord } from '../../src/protocol/kafka.ts';
import type { Binding } from '../../src/protocol.ts';
import type { Run } from '../../src/run.ts';

export interface ReaderOptions {
  /** Whether it ends where the topic does, or stays. */
  readonly until?: 'latest';
  /** How much credit it has at the most, in bytes; half of it is granted again and again. */
  readonly window: number;
  readonly take: (run: Run<KafkaRecord>) => void;
  /** Called at the caught-up mark. */
  readonly level?: () => void;
}

/** A reader of all partitions of a topic, from the first record on. */
export class Reader {
  readonly #options: ReaderOptions;
  #leave = (): void => {};
  #control: ControlSink = () => {};
  #used = 0;
  /** Settles when the stream has begun. */
  readonly begun: Promise<void>;
  /** Settles when the stream has ended. */
  readonly ended: Promise<void>;

  constructor(binding: Binding<Kafka>, topic: string, options: ReaderOptions) {
    this.#options = options;
    const { until } = options;
    const begin: KafkaBegin = {
      ...{ api: 'merged', capabilities: 'fetch', topic, from: { default: 'earliest' } },
      ...(until && { until }),
    };
    const initial = emitter<Kafka['initial']>(begin, () => ({ pull: () => undefined }));
    let hasBegun = (): void => {};
    this.begun = new Promise((resolve) => {
      hasBegun = resolve;
    });
    this.ended = new Promise((resolve, reject) => {
      const reading = binding(initial).subscribe({
        next: (frame) => {
          switch (frame.kind) {
            case 'begin':
              this.#control = frame.control;
              return hasBegun();
            case 'data':
              return this.#take(frame.payload as Run<KafkaRecord>, frame.reserved);
            case 'flush':
              if ('mark' in frame.ext && frame.ext.mark === 'caught-up') options.level?.();
              return;
            case 'abort':
              reject(frame.ext);
          }
        },
        error: reject,
        complete: resolve,
      });
      this.#leave = () => reading.unsubscribe();
    });
  }

  /** Takes what there is, from now on. */
  go(): void {
    this.#control(window(this.#options.window));
  }

  leave(): void {
    this.#leave();
  }

  #take(run: Run<KafkaRecord>, reserved: number): void {
    const { take, window: most } = this.#options;
    take(run);
    this.#used += reserved;
    if (this.#used * 2 < most) return;
    const credit = this.#used;
    this.#used = 0;
    this.#control(window(credit));
  }
}
