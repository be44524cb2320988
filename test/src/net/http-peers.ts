import { execFile } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { concatMap, filter, map, take } from 'rxjs';
import { type HttpServerOptions, httpServer } from '../../../operators/http/server.ts';
import { reset, window } from '../../../src/control.ts';
import { emitter, type Source } from '../../../src/emitter.ts';
import { type Abort, abort, type Begin, begin, data, end, type Following, type Frame } from '../../../src/frame.ts';
import { lawful } from '../../../src/lawful.ts';
import { type Http, type HttpFault, headerOf, headersOf } from '../../../src/protocol/http.ts';
import type { Binding } from '../../../src/protocol.ts';
import { connected, lawfully, received, type Served, serving } from './peers.ts';

type Initial = Http['initial'];
type Reply = Http['reply'];

/** The same exit, held to the laws on both its lanes. */
export const lawfulExit =
  (exit: Binding<Http>): Binding<Http> =>
  (initial) =>
    initial.pipe(lawful('exit initial'), exit, lawful('exit reply'));

/** An http server that is up, with its joints held to the laws. */
export const servingHttp = (exit: Binding<Http>, options: HttpServerOptions = {}, drain = 0): Promise<Served> => {
  const defects: unknown[] = [];
  const server = httpServer({ onDefect: (defect) => void defects.push(defect), ...options })(lawfulExit(exit));
  return serving(lawfully(server, 'http'), { drain }).then((served) => ({ ...served, defects }));
};

/** A request that an exit has taken; what it is sent and granted is for the test to say. */
export class Asked implements Source<Reply> {
  readonly frames: Frame<Initial>[] = [];
  completed = false;
  /** Whether the stream is gone. */
  left = false;
  /** Why the receiver refused the rest of the answer. */
  refused = false;
  balance = 0;
  wake: () => void = () => {};
  readonly #sending: Following<Reply>[] = [];

  get opening(): Begin<Initial['begin']> | undefined {
    return this.frames.find((frame) => frame.kind === 'begin');
  }

  /** A header of the request. */
  header(name: string): string | undefined {
    return headerOf(this.opening?.ext.headers ?? [], name);
  }

  get body(): Buffer {
    return Buffer.concat(this.frames.flatMap((frame) => (frame.kind === 'data' ? [frame.payload] : [])));
  }

  get last(): string | undefined {
    return this.frames.at(-1)?.kind;
  }

  get fault(): HttpFault | undefined {
    return this.frames.find((frame) => frame.kind === 'abort')?.ext;
  }

  grant(credit: number): void {
    this.opening?.control(window(credit));
  }

  reset(): Abort<HttpFault> {
    this.refused = true;
    return abort({ code: 'RESET', message: 'reset' });
  }

  refuseBody(): void {
    this.opening?.control(reset());
  }

  send(bytes: Uint8Array | string): void {
    const payload = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    this.#put(data(payload, payload.byteLength));
  }

  end(): void {
    this.#put(end());
  }

  abort(fault?: HttpFault): void {
    this.#put(abort(fault));
  }

  pull(balance: number): Following<Reply> | undefined {
    this.balance = balance;
    const [next] = this.#sending;
    if (next?.kind === 'data' && balance <= 0) return undefined;
    if (next?.kind === 'data' && balance < next.reserved) {
      this.#sending[0] = data(next.payload.subarray(balance), next.reserved - balance);
      this.balance = 0;
      return data(next.payload.subarray(0, balance), balance);
    }
    if (next?.kind === 'data') this.balance -= next.reserved;
    return this.#sending.shift();
  }

  #put(frame: Following<Reply>): void {
    this.#sending.push(frame);
    this.wake();
  }
}

/** An exit that puts each request into `asked`, and begins its answer with `headers`. */
export const asking =
  (asked: Asked[], headers: Readonly<Record<string, string>> = { ':status': '200' }): Binding<Http> =>
  (initial) =>
    emitter<Reply>({ headers: headersOf(headers) }, (wake, out) => {
      const one = Object.assign(new Asked(), { wake });
      asked.push(one);
      out.add(() => {
        one.left = true;
      });
      out.add(
        initial.subscribe({
          next: (frame) => void one.frames.push(frame),
          complete: () => {
            one.completed = true;
          },
        }),
      );
      return one;
    });

/** An exit that answers at once with 200 and a text. */
export const saying = (text: string, more: Readonly<Record<string, string>> = {}): Binding<Http> =>
  answering(() => [{ ':status': '200', 'content-type': 'text/plain', ...more }, text]);

/** An exit that answers at once with headers and a text made from a request's headers. */
export const answering =
  (
    make: (headers: Initial['begin']['headers']) => readonly [Readonly<Record<string, string>>, string],
  ): Binding<Http> =>
  (initial) =>
    initial.pipe(
      filter((frame) => frame.kind === 'begin'),
      take(1),
      concatMap(({ ext }) => {
        const [headers, text] = make(ext.headers);
        const bytes = Buffer.from(text);
        const frames: Following<Reply>[] = [...(text === '' ? [] : [data(bytes, bytes.byteLength)]), end()];
        const pull = (balance: number): Following<Reply> | undefined =>
          frames[0]?.kind === 'data' && balance < frames[0].reserved ? undefined : frames.shift();
        return emitter<Reply>({ headers: headersOf(headers) }, () => ({ pull }));
      }),
    );

/** Sends back the body of a request. */
export const echoing: Binding<Http> = (initial) =>
  initial.pipe(
    map((frame) =>
      frame.kind === 'begin' ? begin({ headers: headersOf({ ':status': '200' }) }, frame.control) : frame,
    ),
  );

/** Sends bytes over a connection of its own, and answers all that comes back until its end. */
export async function exchanged(port: number, bytes: string | Uint8Array): Promise<string> {
  const socket = await connected(port);
  socket.write(bytes);
  const answer = await received(socket);
  socket.destroy();
  return answer.toString('latin1');
}

/** What a socket receives until it is over, in whatever way: a reset right behind bytes looks like an end. */
export const remains = (socket: Duplex): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.once('end', () => resolve(text)).once('close', () => resolve(text));
    socket.on('error', () => {});
  });

/** What curl prints. */
export const curl = (...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile('curl', ['-sS', '--max-time', '10', ...args], (error, out) => (error ? reject(error) : resolve(out)));
  });
