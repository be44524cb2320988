import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { httpServer } from '../../operators/http/server.ts';
import { sseServer } from '../../operators/sse/server.ts';
import { tcpServer } from '../../operators/tcp/server.ts';
import { emitter } from '../../src/emitter.ts';
import type { Data } from '../../src/frame.ts';
import type { Sse } from '../../src/protocol/sse.ts';
import { events, SseBody, type SseEvents } from '../../src/protocol/sse-events.ts';
import type { Binding } from '../../src/protocol.ts';
import { median } from './measure.ts';

/** A server that sends events to whoever listens. */
interface Sender {
  readonly port: number;
  /** How many listen. */
  clients(): number;
  /** Sends the same events to every client that is not behind; answers to how many. */
  round(run: Data<SseEvents>): number;
  close(): void;
}

export interface SseResult {
  readonly name: string;
  /** Events that arrived, per second. */
  readonly ours: number;
  readonly bare: number;
  /** Microseconds of the server's CPU for an event that arrived. */
  readonly oursCpu: number;
  readonly bareCpu: number;
}

const ROUNDS = 3;

/** Events per second, and microseconds of CPU for each. */
interface Measured {
  readonly rate: number;
  readonly cpu: number;
}

/**
 * Sends events to so many clients, `batch` at a time, through tcp, http and sse server, and through a bare node:http server
 * that writes one prepared buffer per socket. The clients are bare sockets in another process.
 */
export async function sseFanout(clients: number, batch: number, seconds = 1): Promise<SseResult> {
  const peers = fork(fileURLToPath(import.meta.url), ['clients']);
  try {
    const measure = async (sender: Sender): Promise<Measured> => {
      peers.send({ port: sender.port, clients });
      while (sender.clients() < clients) await turn();
      await spend(sender, batch, 0.5);
      const [before, start, cpu] = [await count(), process.hrtime.bigint(), process.cpuUsage()];
      await spend(sender, batch, seconds);
      const bytes = (await count()) - before;
      const elapsed = Number(process.hrtime.bigint() - start) / 1e9;
      const { user, system } = process.cpuUsage(cpu);
      sender.close();
      const arrived = bytes / EVENT_BYTES;
      return { rate: arrived / elapsed, cpu: (user + system) / arrived };
    };
    const count = async (): Promise<number> => {
      peers.send('count');
      const [bytes] = (await once(peers, 'message')) as [number];
      return bytes;
    };
    const rounds: { bare: Measured; ours: Measured }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.push({ bare: await measure(await bareSender()), ours: await measure(await ourSender()) });
    }
    return {
      name: `${clients} clients, ${batch} events a write`,
      ours: median(rounds.map(({ ours }) => ours.rate)),
      bare: median(rounds.map(({ bare }) => bare.rate)),
      oursCpu: median(rounds.map(({ ours }) => ours.cpu)),
      bareCpu: median(rounds.map(({ bare }) => bare.cpu)),
    };
  } finally {
    peers.kill();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let sent = 0;

/** Rounds of `batch` events of about 100 bytes each, for so long. */
async function spend(sender: Sender, batch: number, seconds: number): Promise<void> {
  const end = process.hrtime.bigint() + BigInt(Math.round(seconds * 1e9));
  while (process.hrtime.bigint() < end) {
    const list = Array.from({ length: batch }, () => {
      sent += 1;
      return { id: `AQGAAQ${String(sent).padStart(10, '0')}`, body: BODY };
    });
    sender.round(events(list));
    await turn();
  }
}

const BODY = new SseBody(Buffer.from(JSON.stringify({ price: 1234.5, symbol: 'SLUICE', note: 'x'.repeat(50) })));
const EVENT_BYTES = events([{ id: 'AQGAAQ0000000000', body: BODY }]).reserved;

async function ourSender(): Promise<Sender> {
  const open = new Set<{ due: Data<SseEvents> | undefined; wake: () => void }>();
  const exit: Binding<Sse> = () =>
    emitter<Sse['reply']>(undefined, (wake, out) => {
      const client = { due: undefined as Data<SseEvents> | undefined, wake };
      open.add(client);
      out.add(() => open.delete(client));
      return {
        pull(balance) {
          if (client.due === undefined || balance <= 0) return undefined;
          const { due } = client;
          client.due = undefined;
          return due;
        },
      };
    });
  let listening: (port: number) => void = () => {};
  const port = new Promise<number>((resolve) => {
    listening = resolve;
  });
  const running = tcpServer({
    host: '127.0.0.1',
    port: 0,
    drain: 0,
    onListening: ([bound]) => listening(bound?.port ?? 0),
  })(httpServer()(sseServer()(exit))).subscribe();
  return {
    port: await port,
    clients: () => open.size,
    round(run) {
      let behind = 0;
      for (const client of open) {
        if (client.due !== undefined) behind += 1;
        client.due = run;
        client.wake();
      }
      return open.size - behind;
    },
    close: () => running.unsubscribe(),
  };
}

async function bareSender(): Promise<Sender> {
  const open = new Set<ServerResponse>();
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }).flushHeaders();
    open.add(response);
    response.on('close', () => open.delete(response));
  });
  await once(server.listen(0, '127.0.0.1', 10_000), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    clients: () => open.size,
    round(run) {
      const { bytes } = run.payload;
      let sent = 0;
      for (const response of open) {
        if (response.writableNeedDrain) continue;
        response.write(bytes);
        sent += 1;
      }
      return sent;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A result in a line. */
export const told = ({ name, ours, bare, oursCpu, bareCpu }: SseResult): string =>
  `${name.padEnd(34)} ${Math.round(ours)} against ${Math.round(bare)} events/s, ${(bare / ours).toFixed(2)}x;` +
  ` CPU ${oursCpu.toFixed(3)} against ${bareCpu.toFixed(3)} us each, ${(oursCpu / bareCpu).toFixed(2)}x`;

/** The other process: bare sockets that ask, and count what comes. */
function listen(): void {
  let bytes = 0;
  process.on('message', async (message: 'count' | { port: number; clients: number }) => {
    if (message === 'count') return void process.send?.(bytes);
    for (let index = 0; index < message.clients; index += 1) {
      const socket = connect({ port: message.port, host: '127.0.0.1' });
      socket.on('data', (chunk) => {
        bytes += chunk.byteLength;
      });
      socket.on('error', () => {}).write('GET /news HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n');
      if (index % 100 === 99) await once(socket, 'connect');
    }
  });
}

if (process.argv[2] === 'clients') listen();
if (process.argv[2] === 'sse') {
  const [, , , clients = '1000', batch = '10'] = process.argv;
  console.log(told(await sseFanout(Number(clients), Number(batch))));
}
