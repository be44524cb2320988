import type { Readable } from 'node:stream';
import { SluiceError } from '../errors.ts';
import type { Data } from '../frame.ts';
import type { Fragment, ProducedRecord } from '../protocol/kafka.ts';
import { fragment } from '../protocol/kafka-fragment.ts';

/** Records to produce, read only as fast as they are asked for. */
export interface Input {
  /** The next fragment; `undefined` until woken; `end` once there are no more. @throws SluiceError CLI_INPUT */
  next(): Data<Fragment> | 'end' | undefined;
  /** Takes no more records; one that has begun is read to its end. */
  stop(): void;
  /** Reads no more. */
  close(): void;
}

/** What each record is, but for its key and value. */
export type Template = Omit<ProducedRecord, 'key'>;

const MOST_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

/** A record for each line; before `separator`, if there is one, stands its key. */
export class Lines implements Input {
  readonly #stream: Chunks;
  readonly #template: Template;
  readonly #separator: Buffer | undefined;
  #line = 0;
  #stopped = false;

  constructor(stream: Readable, template: Template, separator: Buffer | undefined, wake: () => void) {
    this.#stream = new Chunks(stream, wake);
    this.#template = template;
    this.#separator = separator;
  }

  next(): Data<Fragment> | 'end' | undefined {
    const line = this.#stopped ? undefined : this.#stream.upTo(NEWLINE, `line ${this.#line + 1}`);
    if (line === undefined) return this.#stopped || this.#stream.ended ? 'end' : undefined;
    this.#line += 1;
    return this.#recordOf(line);
  }

  #recordOf(line: Buffer): Data<Fragment> {
    if (this.#separator === undefined) return fragment(line, true, { ...this.#template, key: null });
    const at = line.indexOf(this.#separator);
    if (at < 0) throw new SluiceError('CLI_INPUT', `line ${this.#line} has no key separator`);
    const key = line.subarray(0, at);
    return fragment(line.subarray(at + this.#separator.length), true, { ...this.#template, key });
  }

  stop(): void {
    this.#stopped = true;
  }

  close(): void {
    this.#stream.close();
  }
}

/** One record of all there is. */
export class Whole implements Input {
  readonly #stream: Chunks;
  #opens: ProducedRecord | undefined;
  #over = false;

  constructor(stream: Readable, template: Template, wake: () => void) {
    this.#stream = new Chunks(stream, wake);
    this.#opens = { ...template, key: null };
  }

  next(): Data<Fragment> | 'end' | undefined {
    if (this.#over) return 'end';
    const chunk = this.#stream.shift();
    // Whether a chunk is the last is known only behind it.
    if (chunk === undefined && !this.#stream.ended) return undefined;
    this.#over = chunk === undefined;
    const opens = this.#opens;
    this.#opens = undefined;
    return fragment(chunk ?? NOTHING, this.#over, opens);
  }

  stop(): void {}

  close(): void {
    this.#stream.close();
  }
}

/** The bytes of a stream, of which no more than a chunk and what has been begun of a line wait. */
class Chunks {
  readonly #stream: Readable;
  readonly #onData: (chunk: Buffer) => void;
  readonly #onEnd: () => void;
  readonly #onError: (error: Error) => void;
  #chunk: Buffer | undefined;
  #begun: Buffer[] = [];
  #length = 0;
  #ended = false;
  #failed: Error | undefined;

  constructor(stream: Readable, wake: () => void) {
    this.#stream = stream;
    this.#onData = (chunk) => {
      stream.pause();
      this.#chunk = chunk;
      wake();
    };
    this.#onEnd = () => {
      this.#ended = true;
      wake();
    };
    this.#onError = (error) => {
      this.#failed = error;
      wake();
    };
    stream.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError);
  }

  /** Whether all of it was taken. */
  get ended(): boolean {
    return this.#ended && this.#chunk === undefined && this.#length === 0;
  }

  /** What has come, and asks for more. @throws SluiceError CLI_INPUT */
  shift(): Buffer | undefined {
    if (this.#failed !== undefined) {
      throw new SluiceError('CLI_INPUT', this.#failed.message, { cause: this.#failed });
    }
    const chunk = this.#chunk;
    this.#chunk = undefined;
    if (chunk === undefined && !this.#ended) this.#stream.resume();
    return chunk;
  }

  /** What stands before the next `mark`, or what is left at the end. @throws SluiceError CLI_INPUT */
  upTo(mark: number, what: string): Buffer | undefined {
    const chunk = this.shift();
    const at = chunk?.indexOf(mark) ?? -1;
    if (chunk !== undefined && at >= 0) {
      this.#chunk = at + 1 < chunk.length ? chunk.subarray(at + 1) : undefined;
      return this.#joined(chunk.subarray(0, at));
    }
    if (chunk !== undefined) {
      this.#begun.push(chunk);
      this.#length += chunk.length;
      if (this.#length > MOST_BYTES) throw new SluiceError('CLI_INPUT', `${what} is longer than ${MOST_BYTES} bytes`);
      this.shift();
    }
    return this.#ended && this.#length > 0 ? this.#joined(NOTHING) : undefined;
  }

  #joined(rest: Buffer): Buffer {
    const whole = this.#length === 0 ? rest : Buffer.concat([...this.#begun, rest]);
    this.#begun = [];
    this.#length = 0;
    return whole;
  }

  close(): void {
    this.#stream.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError).pause();
  }
}
