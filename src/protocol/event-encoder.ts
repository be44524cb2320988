import type { Data } from '../frame.ts';
import { MOST_RECORDS } from '../run.ts';
import { events, SseEvents } from './sse-events.ts';
import { endsOf, mostLines, writeLines } from './sse-lines.ts';

const LF = 0x0a;
const ZERO = 0x30;
const MOST_DIGITS = 20;
/** Below, a division of it by ten is not rounded up to the next number. */
const EXACT = 1e15;

/** How much memory is kept for the next run, in bytes. */
const KEPT = 256 * 1024;

/** Encodes a run of events one by one: each line of its id and its data is written once, where it is sent from. */
export class EventEncoder {
  readonly #ends = new Uint32Array(MOST_RECORDS);
  #bytes = Buffer.allocUnsafeSlow(KEPT);
  #length = 0;
  #size = 0;

  /** How many bytes the run has. */
  get size(): number {
    return this.#size;
  }

  /** How many events it has. */
  get length(): number {
    return this.#length;
  }

  /** Begins a run, of which nothing is left from before. */
  begin(): void {
    this.#length = 0;
    this.#size = 0;
  }

  /** The line of an id, of which only what stands before the number may be long: `id:` and more, in ASCII. */
  id(before: Uint8Array, number: bigint, behind: string): void {
    this.#reserve(before.byteLength + MOST_DIGITS + behind.length + 1);
    this.#bytes.set(before, this.#size);
    this.#size += before.byteLength;
    this.#decimal(number);
    if (behind !== '') this.#size += this.#bytes.write(behind, this.#size, 'latin1');
    this.#bytes[this.#size++] = LF;
  }

  /** The rest of an event. */
  body(text: Uint8Array, type?: string): void {
    const line = type === undefined ? '' : `event:${type}\n`;
    const ends = endsOf(text);
    this.#reserve(line.length + mostLines(text, ends));
    if (type !== undefined) this.#size += this.#bytes.write(line, this.#size, 'latin1');
    this.#size = writeLines(this.#bytes, this.#size, text, ends);
    this.#ends[this.#length++] = this.#size;
  }

  /** The run, of one event or more. */
  finish(): Data<SseEvents> {
    const written = this.#bytes.subarray(0, this.#size);
    const isLarge = this.#bytes.byteLength > KEPT;
    const encoded = isLarge ? written : Buffer.allocUnsafeSlow(this.#size);
    if (isLarge) this.#bytes = Buffer.allocUnsafeSlow(KEPT);
    else encoded.set(written);
    return events(new SseEvents(encoded, this.#ends.slice(0, this.#length)));
  }

  #decimal(number: bigint): void {
    if (number >= EXACT) {
      this.#size += this.#bytes.write(`${number}`, this.#size, 'latin1');
      return;
    }
    let rest = Number(number);
    let digits = 1;
    for (let least = 10; least <= rest; least *= 10) digits += 1;
    this.#size += digits;
    for (let at = this.#size - 1; digits > 0; at -= 1, digits -= 1) {
      const next = Math.floor(rest / 10);
      this.#bytes[at] = ZERO + rest - next * 10;
      rest = next;
    }
  }

  #reserve(size: number): void {
    if (this.#size + size <= this.#bytes.byteLength) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#size + size, this.#bytes.byteLength * 2));
    larger.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = larger;
  }
}
