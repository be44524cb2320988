import { Account } from '../credit.ts';
import type { Source } from '../emitter.ts';
import { Fifo } from '../flow/queue.ts';
import { abort, data, end, type Following, type Frame } from '../frame.ts';
import type { Http } from '../protocol/http.ts';
import type { Kafka, KafkaRecord } from '../protocol/kafka.ts';
import { errorOf } from '../protocol/kafka-error.ts';
import type { Run } from '../run.ts';

type Reply = Http['reply'];

/** How much of a topic may be under way to a client, in bytes. */
const WINDOW = 64 * 1024;
/** From how many bytes on a value is not copied to stand in one piece with others. */
const LARGE = 16 * 1024;

const OPENING = Buffer.from('[');
const COMMA = Buffer.from(',');
const CLOSING = Buffer.from(']');

/**
 * The values of the records of a reply, as a JSON array: those that are tombstones, or empty, are left out. Credit goes back
 * once all that waits is sent.
 */
export class JsonArray implements Source<Reply> {
  readonly #queue = new Fifo<Reply>(() => {});
  readonly #account = new Account(WINDOW);
  #held = 0;
  #separator = OPENING;
  #terminal: Following<Reply> | undefined;

  /** Takes the next frame. */
  next(frame: Frame<Kafka['reply']>): void {
    switch (frame.kind) {
      case 'begin':
        return this.#account.open(frame.control);
      case 'data':
        this.#held += frame.reserved;
        return this.#take(frame.payload as Run<KafkaRecord>);
      case 'end':
        if (this.#separator === OPENING) this.#offer(OPENING);
        this.#offer(CLOSING);
        this.#terminal = end();
        return;
      case 'abort':
        this.#terminal = abort(errorOf(frame.ext));
    }
  }

  pull(balance: number): Following<Reply> | undefined {
    if (this.#terminal?.kind === 'abort') return this.#terminal;
    return this.#queue.poll(balance) ?? (this.#queue.empty ? this.#terminal : undefined);
  }

  idle(): boolean {
    if (!this.#queue.empty) return false;
    this.#account.owe(this.#held);
    this.#held = 0;
    return this.#account.settle();
  }

  #take(run: Run<KafkaRecord>): void {
    let pieces: Uint8Array[] = [];
    for (let index = 0; index < run.length; index += 1) {
      const { value } = run.at(index);
      if (value === null || value.length === 0) continue;
      pieces.push(this.#separator);
      this.#separator = COMMA;
      if (value.length < LARGE) {
        pieces.push(value);
        continue;
      }
      this.#offer(Buffer.concat(pieces));
      pieces = [];
      this.#offer(value);
    }
    if (pieces.length > 0) this.#offer(Buffer.concat(pieces));
  }

  #offer(bytes: Uint8Array): void {
    this.#queue.offer(data(bytes, bytes.length));
  }
}
