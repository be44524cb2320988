import type { Header, KafkaRecord } from '../protocol/kafka.ts';
import * as row from './record-index.ts';
import { Varints } from './varints.ts';

/** What all records of a batch have in common. */
export interface Common {
  readonly partition: number;
  readonly aborted: boolean;
  readonly baseOffset: bigint;
  readonly baseTimestamp: bigint;
  /** The one of all records, if they have not each their own. */
  readonly timestamp: bigint | undefined;
}

/** Records where they stand in their bytes. */
export class Records implements Common {
  readonly bytes: Uint8Array;
  readonly index: Int32Array;
  readonly partition: number;
  readonly aborted: boolean;
  readonly baseOffset: bigint;
  readonly baseTimestamp: bigint;
  readonly timestamp: bigint | undefined;
  // Asked for once: a typed array takes longer to answer each of them than a view of its buffer to be made.
  readonly #buffer: ArrayBufferLike;
  readonly #offset: number;

  constructor(
    { partition, aborted, baseOffset, baseTimestamp, timestamp }: Common,
    bytes: Uint8Array,
    index: Int32Array,
  ) {
    this.bytes = bytes;
    this.index = index;
    this.partition = partition;
    this.aborted = aborted;
    this.baseOffset = baseOffset;
    this.baseTimestamp = baseTimestamp;
    this.timestamp = timestamp;
    this.#buffer = bytes.buffer;
    this.#offset = bytes.byteOffset;
  }

  /** The first record at an offset or behind it; where there is none, how many there are. */
  indexOf(offset: bigint): number {
    const delta = offset - this.baseOffset;
    let [low, high] = [0, this.index.length / row.ROW];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (BigInt(this.at(middle, row.OFFSET_DELTA)) < delta) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  at(index: number, field: number): number {
    return this.index[index * row.ROW + field] as number;
  }

  /** The same records, of a transaction that was aborted. */
  aborting(): Records {
    const { partition, baseOffset, baseTimestamp, timestamp } = this;
    return new Records({ partition, baseOffset, baseTimestamp, timestamp, aborted: true }, this.bytes, this.index);
  }

  offset(index: number): bigint {
    return this.baseOffset + BigInt(this.at(index, row.OFFSET_DELTA));
  }

  /** The same records, those of these rows alone, in `size` bytes of their own. */
  copy(rows: Int32Array, size: number): Records {
    const bytes = new Uint8Array(size);
    const index = new Int32Array(rows.length * row.ROW);
    let end = 0;
    for (const [to, from] of rows.entries()) {
      const start = this.at(from, row.START);
      bytes.set(this.bytes.subarray(start, this.at(from, row.END)), end);
      for (let field = 0; field < row.ROW; field += 1) {
        const value = this.at(from, field);
        index[to * row.ROW + field] = row.isPosition(field) ? value - start + end : value;
      }
      end += this.at(from, row.END) - start;
    }
    return new Records(this, bytes, index);
  }

  /** A field of bytes. */
  view(index: number, at: number, size: number): Uint8Array | null {
    const length = this.at(index, size);
    return length < 0 ? null : new Uint8Array(this.#buffer, this.#offset + this.at(index, at), length);
  }
}

/** One record, read as its fields are asked for. */
export class BatchRecord implements KafkaRecord {
  readonly #records: Records;
  readonly #row: number;

  constructor(records: Records, at: number) {
    this.#records = records;
    this.#row = at;
  }

  get partition(): number {
    return this.#records.partition;
  }

  get offset(): bigint {
    return this.#records.offset(this.#row);
  }

  get timestamp(): bigint {
    const { bytes, baseTimestamp, timestamp } = this.#records;
    return timestamp ?? baseTimestamp + new Varints(bytes, this.#records.at(this.#row, row.TIMESTAMP_AT)).long();
  }

  get key(): Uint8Array | null {
    return this.#records.view(this.#row, row.KEY_AT, row.KEY_SIZE);
  }

  get value(): Uint8Array | null {
    return this.#records.view(this.#row, row.VALUE_AT, row.VALUE_SIZE);
  }

  get headers(): readonly Header[] {
    const records = this.#records;
    const size = Math.max(0, records.at(this.#row, row.VALUE_SIZE));
    const at = records.at(this.#row, row.VALUE_AT) + size;
    return records.bytes[at] === 0 ? NO_HEADERS : headersAt(new Varints(records.bytes, at));
  }

  get aborted(): boolean {
    return this.#records.aborted;
  }
}

const NO_HEADERS: readonly Header[] = [];

function headersAt(from: Varints): readonly Header[] {
  const bytes = (): Uint8Array | null => {
    const size = from.int();
    if (size < 0) return null;
    from.at += size;
    return from.bytes.subarray(from.at - size, from.at);
  };
  return Array.from({ length: from.int() }, () => ({ name: Buffer.from(bytes() ?? []).toString(), value: bytes() }));
}
