import { Deque } from '../../deque.ts';
import type { KafkaMark } from '../../protocol/kafka.ts';
import type { RecordBatch } from '../../protocol/kafka-batch.ts';

/** A mark that is done something about. */
export type SourceMark = Extract<KafkaMark, { mark: 'watermark' | 'progress' | 'gap' }>;

/** The most bytes of batches that are written at once, but for a batch that is larger. */
const MOST_BYTES = 4 * 1024 * 1024;

const isBatch = (item: RecordBatch | SourceMark): item is RecordBatch => 'bytes' in item;

/** What came of a partition and is still to be written, in the order in which it came. */
export class Arrivals {
  readonly #items = new Deque<RecordBatch | SourceMark>();

  put(item: RecordBatch | SourceMark): void {
    this.#items.push(item);
  }

  /** Takes what is next: a mark, or as many batches as stand together and are not too much for one write. */
  take(): readonly RecordBatch[] | SourceMark | undefined {
    const batches: RecordBatch[] = [];
    for (let bytes = 0; bytes < MOST_BYTES; ) {
      const { first } = this.#items;
      if (first === undefined || !isBatch(first)) break;
      this.#items.shift();
      batches.push(first);
      bytes += first.bytes.byteLength;
    }
    return batches.length > 0 ? batches : (this.#items.shift() as SourceMark | undefined);
  }

  clear(): void {
    while (this.#items.shift() !== undefined);
  }
}
