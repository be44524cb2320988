import { KafkaError } from '../protocol/kafka-error.ts';

/** How many bytes a size takes. */
export const SIZE = 4;

/** A response has its correlation id at least. */
const LEAST = 4;

/** Makes whole responses of chunks: a view of a chunk that has all of one, else a copy. */
export class Assembler {
  readonly #most: number;
  readonly #whole: (response: Uint8Array) => void;
  readonly #size = Buffer.alloc(SIZE);
  #sizeAt = 0;
  #body: Uint8Array | undefined;
  #bodyAt = 0;

  /**
   * @param most the largest response taken, in bytes
   * @param whole given each response, without its size, as soon as it is there
   */
  constructor(most: number, whole: (response: Uint8Array) => void) {
    this.#most = most;
    this.#whole = whole;
  }

  /** What it means if nothing more comes: a KAFKA_TRUNCATED within a response, nothing between two. */
  get cutShort(): KafkaError | undefined {
    if (this.#sizeAt === 0) return undefined;
    const [there, of] = this.#body === undefined ? [this.#sizeAt, SIZE] : [this.#bodyAt, this.#body.length];
    const what = this.#body === undefined ? 'the size of a response' : 'a response';
    return new KafkaError('KAFKA_TRUNCATED', `the connection ended after ${there} of the ${of} bytes of ${what}`);
  }

  /** Takes what comes next; answers a KAFKA_FRAME if it announces a size that cannot be, and is then of no more use. */
  take(chunk: Uint8Array): KafkaError | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body !== undefined) {
        at += this.#fill(this.#body, chunk, at);
        continue;
      }
      this.#size[this.#sizeAt] = chunk[at] as number;
      this.#sizeAt += 1;
      at += 1;
      if (this.#sizeAt < SIZE) continue;
      const size = this.#size.readInt32BE();
      if (size < LEAST || size > this.#most) return this.#impossible(size);
      if (chunk.length - at < size) {
        this.#body = Buffer.allocUnsafeSlow(size);
      } else {
        this.#sizeAt = 0;
        this.#whole(chunk.subarray(at, at + size));
        at += size;
      }
    }
    return undefined;
  }

  #fill(body: Uint8Array, chunk: Uint8Array, at: number): number {
    const part = chunk.subarray(at, at + body.length - this.#bodyAt);
    body.set(part, this.#bodyAt);
    this.#bodyAt += part.length;
    if (this.#bodyAt === body.length) {
      this.#body = undefined;
      this.#bodyAt = 0;
      this.#sizeAt = 0;
      this.#whole(body);
    }
    return part.length;
  }

  #impossible(size: number): KafkaError {
    const [first, second] = this.#size;
    const other =
      this.#size.toString('latin1') === 'HTTP'
        ? '; it speaks HTTP'
        : (first === 0x15 || first === 0x16) && second === 3
          ? '; it speaks TLS'
          : '';
    return new KafkaError(
      'KAFKA_FRAME',
      `a response of ${size} bytes was announced, which must be ${LEAST} to ${this.#most}${other}`,
    );
  }
}
