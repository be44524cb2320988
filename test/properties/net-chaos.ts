import { connect, type Socket } from 'node:net';
import { defer, finalize, type Observable } from 'rxjs';
import { tcpClient } from '../../operators/tcp/client.ts';
import { tlsClient } from '../../operators/tls/client.ts';
import { tlsServer } from '../../operators/tls/server.ts';
import type { Vault } from '../../src/net/vault.ts';
import type { Net } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';
import { lawfully, listening, type Served, serving, until } from '../src/net/peers.ts';

export interface ChaosOptions {
  /** How many connections to open in all. */
  readonly connections: number;
  /** How many of them may be open at once. */
  readonly atOnce: number;
  readonly seed: number;
  /** Puts a tls client and a tls server, with the key `localhost` of this vault, in between. */
  readonly vault?: Vault;
}

export interface ChaosReport {
  readonly opened: number;
  /** Connections whose both peers half-closed and neither reset: every byte has to come through. */
  readonly graceful: number;
  /** What a graceful connection lost or changed, and what an operator broke; all are mistakes. */
  readonly mistakes: readonly string[];
  /** Streams of an operator that are still open, sockets that are, and listeners; all of it is a leak. */
  readonly left: readonly string[];
}

/**
 * Opens, half-closes and resets connections at random through tcp server -> tcp client, both held to the laws, with
 * peers at either end that write, stop to read, end, reset and vanish at random. The same seed does the same.
 */
export async function chaos({ connections, atOnce, seed, vault }: ChaosOptions): Promise<ChaosReport> {
  const before = handles();
  const random = randomFrom(seed);
  const mistakes: string[] = [];
  const scripts = new Map<number, Script>();
  let open = 0;
  const tracked = <T>(source: Observable<T>): Observable<T> =>
    defer(() => {
      open += 1;
      return source.pipe(
        finalize(() => {
          open -= 1;
        }),
      );
    });
  const counted =
    (exit: Binding<Net>): Binding<Net> =>
    (initial) =>
      tracked(exit(tracked(initial)));

  const upstream = await listening((socket) => {
    // The first four bytes say which connection it is.
    socket.once('readable', () => {
      const head: Buffer | null = socket.read(4);
      const script = head === null ? undefined : scripts.get(head.readUInt32BE(0));
      if (script === undefined) socket.destroy();
      else script.far = new Actor(socket, script.seed + 1);
    });
  });
  const servers: Served[] = [];
  const serve = async (exit: Binding<Net>, name: string): Promise<number> => {
    const server = await serving(lawfully(counted(exit), name));
    servers.push(server);
    return server.port;
  };
  let port = await serve(tcpClient({ host: '127.0.0.1', port: upstream.port }), 'plain');
  if (vault !== undefined) {
    const plain = tcpClient({ host: '127.0.0.1', port });
    const secured = await serve(
      tlsServer({ vault, keys: ['localhost'], mutual: 'none' })(lawfully(plain)),
      'tls server',
    );
    const far = tcpClient({ host: '127.0.0.1', port: secured });
    port = await serve(tlsClient({ vault, trust: ['localhost'], sni: ['localhost'] })(lawfully(far)), 'tls client');
  }

  const run = async (id: number): Promise<void> => {
    const script: Script = { seed: Math.floor(random() * 2 ** 31), far: undefined };
    scripts.set(id, script);
    const near = new Actor(connect({ host: '127.0.0.1', port, allowHalfOpen: true }), script.seed, id);
    await near.closed;
    await script.far?.closed;
    scripts.delete(id);
    const { far } = script;
    if (!near.graceful || !far?.graceful) return;
    graceful += 1;
    if (near.received !== far.sent || far.received !== near.sent) {
      mistakes.push(`connection ${id}: ${near.sent} -> ${far.received}, ${far.sent} -> ${near.received} bytes`);
    }
  };
  let graceful = 0;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < connections) await run(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));

  for (const server of servers) {
    await server.stop();
    mistakes.push(...server.defects.map(String));
  }
  await upstream.close();
  const patience = performance.now() + 5_000;
  const clean = (): boolean => open === 0 && handles().length <= before.length;
  await until(() => clean() || performance.now() > patience);
  const left = clean() ? [] : [`${open} lanes`, ...handles()];
  return { opened: next, graceful, mistakes, left };
}

interface Script {
  readonly seed: number;
  far: Actor | undefined;
}

/** One peer of one connection. It always comes to an end, whatever the other does. */
class Actor {
  sent = 0;
  received = 0;
  /** Settles when its socket is closed. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #random: () => number;
  #ended = false;
  #failed = false;

  constructor(socket: Socket, seed: number, id?: number) {
    this.#socket = socket;
    this.#random = randomFrom(seed);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {
      this.#failed = true;
    });
    socket.on('data', ({ length }: Buffer) => this.#take(length));
    socket.once('end', () => {
      this.#ended = true;
    });
    if (id !== undefined) {
      const head = Buffer.alloc(4);
      head.writeUInt32BE(id);
      socket.write(head);
    }
    void this.#play();
  }

  /** Whether both directions were ended, and nothing was reset. */
  get graceful(): boolean {
    return this.#ended && !this.#failed && this.#socket.writableFinished;
  }

  #take(length: number): void {
    this.received += length;
    if (this.#random() > 0.1) return;
    this.#socket.pause();
    void this.#rest().then(() => this.#socket.resume());
  }

  async #play(): Promise<void> {
    const steps = this.#below(5);
    for (let step = 0; step < steps && !this.#socket.destroyed; step += 1) {
      if (this.#random() < 0.3) await this.#rest();
      const bytes = this.#below(this.#random() < 0.1 ? 1_000_000 : 20_000) + 1;
      this.sent += bytes;
      this.#socket.write(Buffer.alloc(bytes));
    }
    if (this.#random() < 0.3) await this.#rest();
    const choice = this.#random();
    if (choice < 0.7) this.#socket.end();
    else if (choice < 0.85 && !this.#socket.connecting && !this.#socket.destroyed) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  readonly #rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, this.#below(10)));

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

/** What node holds open for connections. */
const handles = (): string[] =>
  process.getActiveResourcesInfo().filter((name) => /TCP|TLS|JSSTREAM|Shutdown/.test(name));

/** Numbers from 0 up to, not including, 1; the same ones for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
