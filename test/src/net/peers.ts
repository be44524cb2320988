import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Subscription } from 'rxjs';
import { type TcpServerOptions, tcpServer } from '../../../operators/tcp/server.ts';
import { reset, window } from '../../../src/control.ts';
import { emitter, type Source } from '../../../src/emitter.ts';
import type { Fault } from '../../../src/errors.ts';
import { type Abort, abort, type Begin, data, end, type Following, type Frame } from '../../../src/frame.ts';
import { lawful } from '../../../src/lawful.ts';
import type { Endpoint, Net, NetBegin, NetLane } from '../../../src/protocol/net.ts';
import type { Binding } from '../../../src/protocol.ts';

/** Lets the event loop turn until `condition` holds; the test's own timeout bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Lets the event loop turn until `measure` has stayed the same for a while; answers it. */
export async function settled(measure: () => number): Promise<number> {
  let [last, same] = [measure(), 0];
  while (same < 40) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const now = measure();
    same = now === last ? same + 1 : 0;
    last = now;
  }
  return last;
}

/** The same binding, held to the laws on both its lanes. */
export const lawfully =
  (binding: Binding<Net>, name = 'binding'): Binding<Net> =>
  (initial) =>
    initial.pipe(lawful(`${name} initial`), binding, lawful(`${name} reply`));

export interface Peer {
  readonly port: number;
  /** What was accepted. */
  readonly sockets: Socket[];
  /** Stops to listen, and destroys what was accepted. */
  close(): Promise<void>;
}

/** A tcp peer that listens on a port of its own, half-open allowed. Errors of its sockets are listened to. */
export async function listening(accept: (socket: Socket) => void = () => {}): Promise<Peer> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket.on('error', () => {}));
    accept(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A tcp peer that connects, half-open allowed. Its errors are listened to. */
export async function connected(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ host, port, allowHalfOpen: true });
  await once(socket, 'connect');
  return socket.on('error', () => {});
}

/** All that a socket receives until its end; it stays open for writing. Rejects if it fails. */
export function received(socket: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
    socket.once('end', () => resolve(Buffer.concat(chunks))).once('error', reject);
    socket.once('close', () => reject(new Error('closed before its end')));
  });
}

/** Settles when a socket is closed, with its error if it had one. */
export function closed(socket: Duplex): Promise<Error | undefined> {
  return new Promise((resolve) => {
    let failed: Error | undefined;
    socket.on('error', (error: Error) => {
      failed = error;
    });
    socket.once('close', () => resolve(failed));
  });
}

export interface Served {
  readonly bound: readonly Endpoint[];
  readonly port: number;
  readonly defects: unknown[];
  readonly running: Subscription;
  /** Stops, without draining, and waits until nothing is open. */
  stop(): Promise<void>;
  /** Settles once nothing is open. */
  readonly closed: Promise<void>;
}

/** A tcp server that is up, on a free port of 127.0.0.1 unless told otherwise. */
export function serving(exit: Binding<Net>, options: Partial<TcpServerOptions> = {}): Promise<Served> {
  return new Promise((resolve, reject) => {
    const defects: unknown[] = [];
    let onClosed = (): void => {};
    const closed = new Promise<void>((done) => {
      onClosed = done;
    });
    const onListening = (bound: readonly Endpoint[]): void => {
      const stop = (): Promise<void> => {
        running.unsubscribe();
        return closed;
      };
      resolve({ bound, port: bound[0]?.port ?? 0, defects, running, stop, closed });
    };
    const onDefect = (defect: unknown): void => void defects.push(defect);
    const settings = { host: '127.0.0.1', port: 0, drain: 0, ...options, onListening, onClosed, onDefect };
    const running = tcpServer(settings)(exit).subscribe({ error: reject });
  });
}

/** What came over a lane. */
export class Lane {
  readonly frames: Frame<NetLane>[] = [];
  completed = false;

  /** What it began with. */
  get begin(): NetBegin | undefined {
    return this.opening?.ext;
  }

  /** The bytes that arrived. */
  get bytes(): Buffer {
    return Buffer.concat(this.frames.flatMap((frame) => (frame.kind === 'data' ? [frame.payload] : [])));
  }

  /** The kind of the last frame. */
  get last(): string | undefined {
    return this.frames.at(-1)?.kind;
  }

  /** What it was aborted with. */
  get fault(): Fault | undefined {
    return this.frames.find((frame) => frame.kind === 'abort')?.ext;
  }

  /** Grants credit. */
  grant(credit: number): void {
    this.opening?.control(window(credit));
  }

  /** Refuses the rest. */
  reset(): void {
    this.opening?.control(reset());
  }

  get opening(): Begin<NetBegin> | undefined {
    return this.frames.find((frame) => frame.kind === 'begin');
  }
}

/** What is to be sent over a lane, whole payloads at a time. */
export class Outgoing implements Source<NetLane> {
  /** What is granted and not used. */
  balance = 0;
  /** Why the receiver refused the rest. */
  refusal: Fault | undefined;
  wake: () => void = () => {};
  readonly #frames: Following<NetLane>[] = [];

  send(bytes: Uint8Array | string): void {
    const payload = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    this.#put(data(payload, payload.byteLength));
  }

  end(): void {
    this.#put(end());
  }

  abort(): void {
    this.#put(abort());
  }

  pull(balance: number): Following<NetLane> | undefined {
    this.balance = balance;
    const [next] = this.#frames;
    if (next?.kind === 'data' && balance < next.reserved) return undefined;
    if (next?.kind === 'data') this.balance -= next.reserved;
    return this.#frames.shift();
  }

  reset(ext: unknown): Abort<Fault> {
    this.refusal = ext as Fault;
    return abort(this.refusal);
  }

  #put(frame: Following<NetLane>): void {
    this.#frames.push(frame);
    this.wake();
  }
}

/** One stream through a binding: `initial` is to be sent, `reply` is what came. */
export class Stream {
  readonly initial = new Outgoing();
  readonly reply = new Lane();
  readonly subscription: Subscription;
  defect: unknown;

  /** What arrives is granted again, unless `flowing` is off. */
  constructor(binding: Binding<Net>, begin: NetBegin = {}, flowing = true) {
    const { initial, reply } = this;
    const frames = emitter<NetLane>(begin, (wake) => Object.assign(initial, { wake }));
    this.subscription = lawfully(binding)(frames).subscribe({
      next(frame) {
        reply.frames.push(frame);
        if (flowing && frame.kind === 'begin') reply.grant(1 << 16);
        if (flowing && frame.kind === 'data') reply.grant(frame.reserved);
      },
      error: (defect) => {
        this.defect = defect;
      },
      complete() {
        reply.completed = true;
      },
    });
  }
}

/** One stream that an exit has taken: `initial` is what came, `reply` is to be sent. Credit is for the test to grant. */
export class Accepted {
  readonly initial = new Lane();
  readonly reply = new Outgoing();
}

/** An exit that puts each stream into `streams` as it comes. */
export const accepting =
  (streams: Accepted[]): Binding<Net> =>
  (initial) =>
    emitter<NetLane>({}, (wake, out) => {
      const accepted = new Accepted();
      streams.push(accepted);
      const lane = accepted.initial;
      const complete = (): void => {
        lane.completed = true;
      };
      out.add(initial.subscribe({ next: (frame) => void lane.frames.push(frame), complete }));
      return Object.assign(accepted.reply, { wake });
    });

/** Sends back what it is sent. */
export const echo: Binding<Net> = (initial) => initial;
