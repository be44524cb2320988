import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { Faults } from './chaos-faults.ts';

/** Up: from client to server. Down: from server to client. */
export type Direction = 'up' | 'down';

export interface Target {
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
}

/** A TCP proxy before one server that does to its connections what a bad network would. */
export interface ChaosProxy {
  /** The port of 127.0.0.1 it listens on. */
  readonly port: number;
  /** How many connections are open. */
  readonly connections: number;
  /** How many bytes have passed in a direction. */
  passed(direction: Direction): number;
  /** Resets every open connection; new ones are served. */
  cut(): void;
  /** Resets every new connection as soon as it is accepted, until `heal`; open ones stay. */
  refuse(): void;
  /** Forwards nothing in a direction, both by default, until `resume`; connections stay open and nothing is lost. */
  stall(direction?: Direction): void;
  resume(direction?: Direction): void;
  /** Forwards at most so many bytes per second and connection, in a direction, both by default, until `heal`. */
  slow(bytesPerSecond: number, direction?: Direction): void;
  /** Inverts one byte: the one that `offset` more bytes precede, on any connection. Default direction: down. */
  flip(offset: number, direction?: Direction): void;
  /** Swallows the next `count` (default 1) Kafka responses that begin after this call. Means nothing within TLS. */
  dropResponse(count?: number): void;
  /** Ends every fault; connections that a fault has ended stay so. */
  heal(): void;
  /** Resets every connection and stops listening. */
  close(): Promise<void>;
}

/** Starts a proxy on a free port of 127.0.0.1. A target that refuses to connect shows as a reset connection. */
export async function startProxy({ host = '127.0.0.1', port }: Target): Promise<ChaosProxy> {
  const faults: Record<Direction, Faults> = { up: new Faults(), down: new Faults() };
  const clients = new Set<Socket>();
  let refusing = false;

  const chosen = (direction?: Direction) => (direction ? [faults[direction]] : [faults.up, faults.down]);

  async function serve(client: Socket): Promise<void> {
    clients.add(client);
    const upstream = connect({ host, port, allowHalfOpen: true, noDelay: true });
    // First of the listeners, for pipeline would end the client in good order.
    upstream.on('error', () => reset(client));
    const up = pipeline(client, (source: AsyncIterable<Buffer>) => faults.up.apply(source), upstream);
    const down = pipeline(upstream, (source: AsyncIterable<Buffer>) => faults.down.apply(source), client);
    await Promise.allSettled([up, down]);
    upstream.destroy();
    client.destroy();
    clients.delete(client);
  }

  function cut(): void {
    for (const client of clients) reset(client);
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (refusing) reset(client);
    else void serve(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return clients.size;
    },
    passed: (direction) => faults[direction].passed,
    cut,
    refuse: () => {
      refusing = true;
    },
    stall: (direction) => {
      for (const each of chosen(direction)) each.stall();
    },
    resume: (direction) => {
      for (const each of chosen(direction)) each.resume();
    },
    slow: (bytesPerSecond, direction) => {
      for (const each of chosen(direction)) each.rate = bytesPerSecond;
    },
    flip: (offset, direction = 'down') => faults[direction].flip(offset),
    dropResponse: (count = 1) => faults.down.drop(count),
    heal: () => {
      refusing = false;
      for (const each of chosen()) each.heal();
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      cut();
      for (const each of chosen()) each.resume();
      await closed;
    },
  };
}

function reset(client: Socket): void {
  client.on('error', () => {});
  client.resetAndDestroy();
}
