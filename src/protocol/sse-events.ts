import { type Data, data } from '../frame.ts';
import type { Parts } from '../payload.ts';
import { cutRun, type Run } from '../run.ts';
import { endsOf, mostLines, writeLines } from './sse-lines.ts';

/** What an event says, encoded once however many clients it is sent to: share it between them. */
export class SseBody {
  /** Its `event:` and `data:` lines, and the empty one that ends it. */
  readonly lines: Uint8Array;

  /**
   * @param data UTF-8 text, of any number of lines; copied
   * @param event its type, without line breaks; `message` by default
   */
  constructor(data: Uint8Array, event?: string) {
    this.lines = linesOf(data, event);
  }
}

/** An event as it is sent to a client. */
export interface SseEvent {
  /** What a client that has it comes back with, to go on behind it; without line breaks and NUL. */
  readonly id?: string;
  readonly body: SseBody;
}

/**
 * A run of events, encoded when it is made. Clients that are sent the same events with the same ids share one; where
 * only ids differ, they share the bodies. An event costs its bytes.
 */
export class SseEvents implements Run<SseEvent> {
  readonly length: number;
  readonly #encoded: Uint8Array;
  readonly #ends: Uint32Array;
  readonly #start: number;
  #bytes: Uint8Array | undefined;

  /** Of the events from `start` up to, not including, `end`; by event, `ends` is where it ends. */
  constructor(encoded: Uint8Array, ends: Uint32Array, start = 0, end = ends.length) {
    this.#encoded = encoded;
    this.#ends = ends;
    this.#start = start;
    this.length = end - start;
  }

  /** One event or more, at most `MOST_RECORDS`. */
  static of(events: readonly SseEvent[]): SseEvents {
    const ends = new Uint32Array(events.length);
    let size = 0;
    for (let index = 0; index < events.length; index += 1) {
      const { id, body } = events[index] as SseEvent;
      size += body.lines.byteLength + (id === undefined ? 0 : idSize(id));
      ends[index] = size;
    }
    const encoded = Buffer.allocUnsafeSlow(size);
    let at = 0;
    for (const { id, body } of events) {
      if (id !== undefined) at = writeId(encoded, id, at);
      encoded.set(body.lines, at);
      at += body.lines.byteLength;
    }
    return new SseEvents(encoded, ends);
  }

  /** The events as they stand in the stream: the same object each time. */
  get bytes(): Uint8Array {
    this.#bytes ??= this.#encoded.subarray(this.#endOf(-1), this.#endOf(this.length - 1));
    return this.#bytes;
  }

  at(index: number): SseEvent {
    const bytes = this.#encoded.subarray(this.#endOf(index - 1), this.#endOf(index));
    if (Buffer.compare(bytes.subarray(0, ID.byteLength), ID) !== 0) return { body: { lines: bytes } };
    const end = bytes.indexOf(LF);
    const id = Buffer.from(bytes.subarray(ID.byteLength, end)).toString();
    return { id, body: { lines: bytes.subarray(end + 1) } };
  }

  cost(index: number): number {
    return this.#endOf(index) - this.#endOf(index - 1);
  }

  slice(start: number, end: number): SseEvents {
    return new SseEvents(this.#encoded, this.#ends, this.#start + start, this.#start + end);
  }

  pick(indices: readonly number[]): SseEvents {
    return SseEvents.of(indices.map((index) => this.at(index)));
  }

  cut(balance: number, reserved: number): Parts<Run<SseEvent>> | undefined {
    return cutRun(this, balance, reserved);
  }

  detach(): SseEvents {
    const from = this.#endOf(-1);
    if (this.bytes.byteLength * 2 >= this.#encoded.byteLength) return this;
    const ends = Uint32Array.from({ length: this.length }, (_, index) => this.#endOf(index) - from);
    return new SseEvents(new Uint8Array(this.bytes), ends);
  }

  #endOf(index: number): number {
    const at = this.#start + index;
    return at < 0 ? 0 : (this.#ends[at] as number);
  }
}

/** The DATA of a run of events, or of events. */
export function events(list: SseEvents | readonly SseEvent[]): Data<SseEvents> {
  const run = list instanceof SseEvents ? list : SseEvents.of(list);
  return data(run, run.bytes.byteLength);
}

/** The bytes that move a client's id without an event. */
export function idOnly(id: string): Uint8Array {
  const encoded = Buffer.allocUnsafe(idSize(id) + 1);
  encoded[writeId(encoded, id, 0)] = LF;
  return encoded;
}

const LF = 0x0a;
const ID = Buffer.from('id:');

const idSize = (id: string): number => Buffer.byteLength(id) + ID.byteLength + 1;

/** Answers where the line ends. */
function writeId(into: Buffer, id: string, at: number): number {
  into.set(ID, at);
  const end = at + ID.byteLength + into.write(id, at + ID.byteLength);
  into[end] = LF;
  return end + 1;
}

function linesOf(text: Uint8Array, event: string | undefined): Uint8Array {
  const type = event === undefined ? '' : `event:${event}\n`;
  const ends = endsOf(text);
  const lines = Buffer.allocUnsafe(Buffer.byteLength(type) + mostLines(text, ends));
  return lines.subarray(0, writeLines(lines, lines.write(type), text, ends));
}
