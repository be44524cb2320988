/** A record batch as it came, uncompressed. */
export interface ReadBatch {
  readonly id: bigint;
  readonly epoch: number;
  readonly sequence: number;
  readonly values: readonly string[];
}

/** Reads a batch of records with values and no compression. */
export function readBatch(bytes: Buffer): ReadBatch {
  let at = 61;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  };
  const values: string[] = [];
  for (let left = bytes.readInt32BE(57); left > 0; left -= 1) {
    const size = varint();
    const end = at + size;
    at += 1;
    varint();
    varint();
    const key = varint();
    at += Math.max(0, key);
    const length = varint();
    values.push(length < 0 ? '<null>' : bytes.toString('utf8', at, at + length));
    at = end;
  }
  return { id: bytes.readBigInt64BE(43), epoch: bytes.readInt16BE(51), sequence: bytes.readInt32BE(53), values };
}

interface State {
  epoch: number;
  /** The last batches, of which duplicates are known. */
  readonly last: { readonly sequence: number; readonly count: number; readonly offset: bigint }[];
}

const OUT_OF_ORDER = 45;
const INVALID_EPOCH = 47;

/** The log of one partition, which checks numbers as Kafka's ProducerAppendInfo does. */
export class FakeLog {
  readonly values: string[] = [];
  readonly #producers = new Map<bigint, State>();

  /** Forgets all producers, as when they were away for too long; or all but their last batches, as a restart does. */
  forget(batches = 0): void {
    for (const [id, { last }] of this.#producers) {
      if (batches === 0) this.#producers.delete(id);
      else last.splice(0, last.length - batches);
    }
  }

  append({ id, epoch, sequence, values }: ReadBatch): { error: number; offset: bigint } {
    const offset = BigInt(this.values.length);
    if (id >= 0n) {
      const count = values.length;
      const known = this.#producers.get(id);
      if (known === undefined) this.#producers.set(id, { epoch, last: [{ sequence, count, offset }] });
      else if (epoch < known.epoch) return { error: INVALID_EPOCH, offset: -1n };
      else if (epoch > known.epoch) {
        if (sequence !== 0) return { error: OUT_OF_ORDER, offset: -1n };
        this.#producers.set(id, { epoch, last: [{ sequence, count, offset }] });
      } else {
        const same = known.last.find((one) => one.sequence === sequence && one.count === count);
        if (same !== undefined) return { error: 0, offset: same.offset };
        const last = known.last.at(-1)!;
        if (((last.sequence + last.count) & 0x7fffffff) !== sequence) return { error: OUT_OF_ORDER, offset: -1n };
        known.last.push({ sequence, count, offset });
        if (known.last.length > 5) known.last.shift();
      }
    }
    this.values.push(...values);
    return { error: 0, offset };
  }
}
