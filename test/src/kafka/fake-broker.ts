import type { Subscriber } from 'rxjs';
import { type ControlSink, window } from '../../../src/control.ts';
import { Deque } from '../../../src/deque.ts';
import { emitter } from '../../../src/emitter.ts';
import type { Fault } from '../../../src/errors.ts';
import { abort, data, end, type Following } from '../../../src/frame.ts';
import { apiVersions } from '../../../src/kafka/requests/api-versions.ts';
import { Writer } from '../../../src/kafka/requests/writer.ts';
import { lawful } from '../../../src/lawful.ts';
import { listen } from '../../../src/listen.ts';
import { cut } from '../../../src/payload.ts';
import type { Net, NetBegin, NetLane } from '../../../src/protocol/net.ts';
import type { Binding } from '../../../src/protocol.ts';

/** A request as it came, without its size. */
export interface Asked {
  readonly key: number;
  readonly version: number;
  readonly correlation: number;
  /** All of it but its size. */
  readonly bytes: Buffer;
  readonly stream: FakeStream;
}

export type Ranges = Readonly<Record<number, readonly [number, number]>>;

/** What our apis need, as Kafka 3.1 speaks it. */
export const KAFKA_3_1: Ranges = {
  ...{ 0: [0, 9], 1: [0, 13], 2: [0, 7], 3: [0, 12], 10: [0, 4], 17: [0, 1], 18: [0, 3] },
  ...{ 19: [0, 7], 20: [0, 6], 22: [0, 4], 23: [0, 4], 32: [0, 4], 36: [0, 2] },
};

/** One stream that was opened to a fake broker. */
export class FakeStream {
  readonly asked: Asked[] = [];
  /** How the client ended its lane. */
  ended: 'end' | 'abort' | 'left' | undefined;
  begin: NetBegin = {};
  /** Grants the client credit, or refuses the rest of its lane. */
  control: ControlSink = () => {};
  readonly #frames = new Deque<Following<NetLane>>();
  #wake: () => void = () => {};
  #received = Buffer.alloc(0);

  start(wake: () => void): this {
    this.#wake = wake;
    return this;
  }

  /** Sends bytes as they are, in chunks of at most so many. */
  raw(bytes: Uint8Array, chunk = bytes.byteLength): void {
    for (let at = 0; at < bytes.byteLength; at += chunk) {
      const piece = Uint8Array.from(bytes.subarray(at, at + chunk));
      this.#frames.push(data(piece, piece.byteLength));
    }
    this.#wake();
  }

  /** Answers a request: `body` is what comes behind the correlation id. */
  answer({ correlation }: Pick<Asked, 'correlation'>, body: Uint8Array, chunk?: number): void {
    const head = Buffer.alloc(8);
    head.writeInt32BE(body.byteLength + 4);
    head.writeInt32BE(correlation, 4);
    this.raw(Buffer.concat([head, body]), chunk);
  }

  end(): void {
    this.#frames.push(end());
    this.#wake();
  }

  abort(fault: Fault): void {
    this.#frames.push(abort(fault));
    this.#wake();
  }

  pull(balance: number): Following<NetLane> | undefined {
    const frame = this.#frames.first;
    if (frame?.kind !== 'data') return this.#frames.shift();
    if (balance <= 0) return undefined;
    const parts = cut(frame, balance);
    if (parts === undefined) return this.#frames.shift();
    this.#frames.first = parts[1];
    return parts[0];
  }

  /** The requests that `bytes` complete. */
  take(bytes: Uint8Array): Asked[] {
    this.#received = Buffer.concat([this.#received, bytes]);
    const whole: Asked[] = [];
    while (this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readInt32BE()) {
      const size = this.#received.readInt32BE();
      const request = this.#received.subarray(4, 4 + size);
      this.#received = this.#received.subarray(4 + size);
      const [key, version, correlation] = [request.readInt16BE(), request.readInt16BE(2), request.readInt32BE(4)];
      whole.push({ key, version, correlation, bytes: request, stream: this });
    }
    this.asked.push(...whole);
    return whole;
  }
}

/** A broker in memory: an exit whose streams answer ApiVersions by themselves and hand `asked` every other request. */
export class FakeBroker {
  readonly streams: FakeStream[] = [];
  readonly #asked: (request: Asked) => void;
  readonly #ranges: Ranges | null;
  /** How much credit requests get, in bytes; it is granted again as they come. */
  credit = 1 << 20;

  /** With null for `ranges`, ApiVersions is handed on as well. */
  constructor(asked: (request: Asked) => void = () => {}, ranges: Ranges | null = KAFKA_3_1) {
    this.#asked = asked;
    this.#ranges = ranges;
  }

  /** The last stream. */
  get stream(): FakeStream {
    return this.streams.at(-1) as FakeStream;
  }

  /** All that was asked, ApiVersions left out. */
  get asked(): Asked[] {
    return this.streams.flatMap(({ asked }) => asked.filter(({ key }) => key !== apiVersions.key));
  }

  readonly exit: Binding<Net> = (initial) =>
    emitter<NetLane>({}, (wake, out) => this.#serve(initial.pipe(lawful('requests')), wake, out)).pipe(
      lawful('responses'),
    );

  #serve(initial: Parameters<Binding<Net>>[0], wake: () => void, out: Subscriber<unknown>): FakeStream {
    const stream = new FakeStream().start(wake);
    this.streams.push(stream);
    out.add(() => {
      stream.ended ??= 'left';
    });
    listen(initial, out as never, {
      next: (frame) => {
        switch (frame.kind) {
          case 'begin':
            stream.begin = frame.ext;
            stream.control = frame.control;
            if (this.credit > 0) stream.control(window(this.credit));
            return;
          case 'data':
            for (const request of stream.take(frame.payload)) this.#answer(request);
            if (this.credit > 0) stream.control(window(frame.reserved));
            return;
          case 'flush':
            return;
          default:
            stream.ended = frame.kind;
            stream.end();
        }
      },
      complete() {},
    });
    return stream;
  }

  #answer(request: Asked): void {
    if (request.key !== apiVersions.key || this.#ranges === null) return this.#asked(request);
    request.stream.answer(request, versionsBody(this.#ranges, request.version));
  }
}

/** The body of an ApiVersions response. */
export function versionsBody(ranges: Ranges, version: number, error = 0): Buffer {
  const to = new Writer(version >= 3);
  to.int16(error);
  to.structs(Object.entries(ranges), ([key, [min, max]]) => {
    to.int16(Number(key));
    to.int16(min);
    to.int16(max);
  });
  if (version > 0) to.int32(0);
  to.tags();
  return Buffer.concat(to.finish());
}
