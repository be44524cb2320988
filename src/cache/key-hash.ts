/** The bytes of the secret of a key hash. */
export const SECRET_SIZE = 16;

const BLOCK = 16;
const ROUNDS = 12;

/**
 * A keyed hash of 128 bits: Chaskey-12 (ISO/IEC 29192-6), made for machines whose words have 32 bits, as integers in
 * JavaScript have. Who does not know the secret cannot find two keys with one hash, so equal hashes count as equal keys.
 */
export class KeyHash {
  /** The four words of the last hash. */
  a = 0;
  b = 0;
  c = 0;
  d = 0;
  readonly #secret: Int32Array;
  /** What is mixed into a last block that is whole, and into one that is padded. */
  readonly #whole: Int32Array;
  readonly #padded: Int32Array;
  readonly #last = new Uint8Array(BLOCK);

  /** @param secret `SECRET_SIZE` random bytes */
  constructor(secret: Uint8Array) {
    if (secret.byteLength !== SECRET_SIZE) throw new RangeError(`a secret of ${secret.byteLength} bytes`);
    const view = new DataView(secret.buffer, secret.byteOffset);
    this.#secret = Int32Array.from([0, 4, 8, 12], (at) => view.getInt32(at, true));
    this.#whole = doubled(this.#secret);
    this.#padded = doubled(this.#whole);
  }

  /** Hashes a key into `a` to `d`. */
  hash(key: Uint8Array): void {
    const { length } = key;
    let at = 0;
    this.a = this.b = this.c = this.d = 0;
    this.#add(this.#secret);
    for (; length - at > BLOCK; at += BLOCK) {
      this.#mix(key, at);
      this.#permute();
    }
    if (length - at === BLOCK) {
      this.#mix(key, at);
      this.#finish(this.#whole);
    } else {
      const last = this.#last;
      for (let index = 0; index < BLOCK; index += 1)
        last[index] = at + index < length ? (key[at + index] as number) : 0;
      last[length - at] = 1;
      this.#mix(last, 0);
      this.#finish(this.#padded);
    }
  }

  #mix(bytes: Uint8Array, at: number): void {
    this.a ^= word(bytes, at);
    this.b ^= word(bytes, at + 4);
    this.c ^= word(bytes, at + 8);
    this.d ^= word(bytes, at + 12);
  }

  #finish(key: Int32Array): void {
    this.#add(key);
    this.#permute();
    this.#add(key);
  }

  #add(key: Int32Array): void {
    this.a ^= key[0] as number;
    this.b ^= key[1] as number;
    this.c ^= key[2] as number;
    this.d ^= key[3] as number;
  }

  #permute(): void {
    let { a, b, c, d } = this;
    for (let round = 0; round < ROUNDS; round += 1) {
      a = (a + b) | 0;
      b = ((b << 5) | (b >>> 27)) ^ a;
      a = (a << 16) | (a >>> 16);
      c = (c + d) | 0;
      d = ((d << 8) | (d >>> 24)) ^ c;
      a = (a + d) | 0;
      d = ((d << 13) | (d >>> 19)) ^ a;
      c = (c + b) | 0;
      b = ((b << 7) | (b >>> 25)) ^ c;
      c = (c << 16) | (c >>> 16);
    }
    this.a = a;
    this.b = b;
    this.c = c;
    this.d = d;
  }
}

/** Four bytes, the lowest first. */
const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) |
  ((bytes[at + 1] as number) << 8) |
  ((bytes[at + 2] as number) << 16) |
  ((bytes[at + 3] as number) << 24);

/** A key times two in the field of 2^128 elements. */
function doubled(key: Int32Array): Int32Array {
  const [a, b, c, d] = key as unknown as [number, number, number, number];
  return Int32Array.of(
    (a << 1) ^ (d < 0 ? 0x87 : 0),
    (b << 1) | (a >>> 31),
    (c << 1) | (b >>> 31),
    (d << 1) | (c >>> 31),
  );
}
