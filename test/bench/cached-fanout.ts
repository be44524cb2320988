import { cacheClient } from '../../operators/kafka/cache-client.ts';
import type { KafkaRecord } from '../../src/protocol/kafka.ts';
import type { RecordBatch } from '../../src/protocol/kafka-batch.ts';
import { runOf } from '../../src/records/record-run.ts';
import type { Run } from '../../src/run.ts';
import { cachedTopic } from './cached-topic.ts';
import { compare, type Figure, processorTime, type Work } from './measure.ts';
import { numberedBatches } from './numbered.ts';
import { Reader } from './reader.ts';

export interface CachedFanoutOptions {
  readonly consumers: number;
  /** How many records a batch has, of which each is appended by itself. */
  readonly length: number;
  /** What a consumer looks at of each record. */
  readonly look: 'partition' | 'key';
}

/** How many batches are held, and about how many records delivered in a round. */
const BATCHES = 200;
const DELIVERED = 4_000_000;
const WINDOW = 1 << 20;

/**
 * What it takes of the processors to serve the records of a cached topic, by record and consumer, beside a loop over the
 * same records in memory that makes each once and calls a function of every consumer with it. What is appended and served
 * live is compared with what is appended and served to nobody.
 */
export async function cachedFanout({ consumers, length, look }: CachedFanoutOptions): Promise<Figure[]> {
  const fanout = new Fanout(consumers, length, look === 'key' ? keyOf : partitionOf);
  const works = [fanout.callbacks(), await fanout.memory(), await fanout.live(0), await fanout.live(consumers)];
  const figures = await compare(works, processorTime);
  await fanout.close();
  return figures;
}

const partitionOf = ({ partition }: KafkaRecord): number => partition + 1;
const keyOf = ({ key }: KafkaRecord): number => key?.length ?? 0;

class Fanout {
  readonly #consumers: number;
  readonly #length: number;
  readonly #look: (record: KafkaRecord) => number;
  readonly #closings: (() => Promise<void>)[] = [];
  #delivered = 0;
  #seen = 0;

  constructor(consumers: number, length: number, look: (record: KafkaRecord) => number) {
    this.#consumers = consumers;
    this.#length = length;
    this.#look = look;
  }

  async close(): Promise<void> {
    for (const close of this.#closings) await close();
  }

  callbacks(): Work {
    const next = numberedBatches(this.#length, 1);
    const runs = Array.from({ length: BATCHES }, () => recordsOf(next(1)));
    const listeners = Array.from({ length: this.#consumers }, () => (record: KafkaRecord) => {
      this.#seen += this.#look(record);
    });
    return {
      name: 'a plain callback loop',
      run: () => {
        const passes = this.#passes(BATCHES);
        for (let pass = 0; pass < passes; pass += 1) {
          for (const run of runs) {
            for (let index = 0; index < run.length; index += 1) {
              const record = run.at(index);
              for (const listener of listeners) listener(record);
            }
          }
        }
        return passes * BATCHES * this.#length * this.#consumers;
      },
    };
  }

  /** Bounded streams that have begun and have no credit yet, for that is not to be measured. */
  async memory(): Promise<Work> {
    const topic = await cachedTopic('topic', 1, 'delete');
    this.#closings.push(() => topic.close());
    const next = numberedBatches(this.#length, 1);
    for (let batch = 0; batch < BATCHES; batch += 1) await topic.append(next(1));
    const binding = cacheClient(topic.binding);
    let readers: Reader[] = [];
    return {
      name: 'out of memory, from the start',
      prepare: async () => {
        const count = this.#passes(BATCHES) * this.#consumers;
        readers = Array.from({ length: count }, () => this.#reader(binding, 'latest'));
        await Promise.all(readers.map(({ begun }) => begun));
      },
      run: async () => {
        this.#delivered = 0;
        for (const reader of readers) reader.go();
        await Promise.all(readers.map(({ ended }) => ended));
        return this.#delivered;
      },
    };
  }

  /** Streams that wait for what comes; without any, it is only appended. */
  async live(consumers: number): Promise<Work> {
    const topic = await cachedTopic('topic', 1, 'delete');
    const binding = cacheClient(topic.binding);
    const readers = Array.from({ length: consumers }, () => this.#reader(binding));
    this.#closings.push(async () => {
      for (const reader of readers) reader.leave();
      await topic.close();
    });
    await Promise.all(readers.map(({ begun }) => begun));
    for (const reader of readers) reader.go();
    const next = numberedBatches(this.#length, 1);
    let batches: RecordBatch[][] = [];
    return {
      name: consumers === 0 ? 'appended, to nobody' : 'appended and live',
      prepare: async () => {
        batches = Array.from({ length: Math.min(BATCHES, this.#passes(1)) }, () => next(1));
      },
      run: async () => {
        this.#delivered = 0;
        for (const batch of batches) await topic.append(batch);
        const records = batches.length * this.#length;
        while (this.#delivered < records * consumers) await new Promise(setImmediate);
        return records * this.#consumers;
      },
    };
  }

  /** How often so many batches are delivered in a round. */
  #passes(batches: number): number {
    return Math.max(1, Math.round(DELIVERED / (batches * this.#length * this.#consumers)));
  }

  #reader(binding: ReturnType<typeof cacheClient>, until?: 'latest'): Reader {
    const take = (run: Run<KafkaRecord>): void => {
      for (let index = 0; index < run.length; index += 1) this.#seen += this.#look(run.at(index));
      this.#delivered += run.length;
    };
    return new Reader(binding, 'topic', { ...(until && { until }), window: WINDOW, take });
  }
}

const recordsOf = ([batch]: readonly RecordBatch[]): Run<KafkaRecord> =>
  runOf(batch as RecordBatch, { partition: 0, aborted: false, cap: 1 << 30, place: 'bench' }) as Run<KafkaRecord>;
