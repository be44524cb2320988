import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { tcpClient } from '../../operators/tcp/client.ts';
import { tcpServer } from '../../operators/tcp/server.ts';
import { tlsClient } from '../../operators/tls/client.ts';
import { filesystemVault } from '../../src/net/filesystem-vault.ts';
import type { Endpoint } from '../../src/protocol/net.ts';
import { median } from './measure.ts';

export interface NetProxyOptions {
  /** How many bytes go each way; 1 GB by default. */
  readonly bytes?: number;
  /** Whether the proxy speaks TLS to the server behind it. */
  readonly tls?: boolean;
  /** How many connections share the bytes; 1 by default. */
  readonly connections?: number;
  /** How often each proxy is measured, in turns; the median counts. 3 by default. */
  readonly rounds?: number;
}

export interface NetProxyResult {
  readonly name: string;
  /** Milliseconds, the median round. */
  readonly ours: number;
  readonly bare: number;
  readonly ratio: number;
  /** How much the resident set of the proxy grew from its first round to its last, in MB. */
  readonly growth: number;
}

/**
 * Moves bytes both ways at once through tcp server -> tcp client, or -> tls client, and through a proxy of two piped
 * sockets. Both run in this process; the peers on either side run in another.
 */
export async function netProxy(options: NetProxyOptions = {}): Promise<NetProxyResult> {
  const { bytes = 1e9, tls = false, connections = 1, rounds = 3 } = options;
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  if (tls) certify(directory);
  const peers = fork(fileURLToPath(import.meta.url), ['peers', directory, tls ? 'tls' : 'tcp']);
  try {
    const [{ port }] = (await once(peers, 'message')) as [{ port: number }];
    const run = async (proxy: number, amount: number): Promise<number> => {
      peers.send({ proxy, bytes: Math.round(amount / connections), connections });
      const [{ ms }] = (await once(peers, 'message')) as [{ ms: number }];
      return ms;
    };
    const [ours, bare] = [await oursTo(port, directory, tls), await bareTo(port, directory, tls)];
    await run(ours.port, bytes / 10);
    await run(bare.port, bytes / 10);
    const times: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
    const before = process.memoryUsage.rss();
    for (let round = 0; round < rounds; round += 1) {
      times.ours.push(await run(ours.port, bytes));
      times.bare.push(await run(bare.port, bytes));
    }
    const growth = (process.memoryUsage.rss() - before) / 1e6;
    ours.stop();
    bare.stop();
    const [a, b] = [median(times.ours), median(times.bare)];
    const name = `net proxy, ${tls ? 'tcp to tls' : 'tcp'}, ${bytes / 1e6} MB each way, ${connections} connection(s)`;
    return { name, ours: a, bare: b, ratio: a / b, growth };
  } finally {
    peers.kill();
    rmSync(directory, { recursive: true });
  }
}

interface Running {
  readonly port: number;
  stop(): void;
}

async function oursTo(port: number, directory: string, tls: boolean): Promise<Running> {
  const tcp = tcpClient({ host: '127.0.0.1', port });
  const trust = () => filesystemVault({ trust: { type: 'pem', store: join(directory, 'cert.pem') } });
  const exit = tls ? tlsClient({ vault: trust(), sni: ['localhost'] })(tcp) : tcp;
  return new Promise((resolve, reject) => {
    const onListening = ([bound]: readonly Endpoint[]): void =>
      resolve({ port: bound?.port ?? 0, stop: () => running.unsubscribe() });
    const running = tcpServer({ host: '127.0.0.1', port: 0, drain: 0, onListening })(exit).subscribe({ error: reject });
  });
}

async function bareTo(port: number, directory: string, tls: boolean): Promise<Running> {
  const ca = tls ? readFileSync(join(directory, 'cert.pem')) : undefined;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
    const far = ca === undefined ? socket : connectTls({ socket, ca, servername: 'localhost' });
    near.pipe(far).pipe(near);
  });
  return { port: await listening(server), stop: () => server.close() };
}

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

function certify(directory: string): void {
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const files = ['-keyout', join(directory, 'key.pem'), '-out', join(directory, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', ...kind, ...files, ...subject], { stdio: 'ignore' });
}

/** The peers on either side of the proxies, in a process of their own. */
async function peers(directory: string, tls: boolean): Promise<void> {
  let bytes = 0;
  const serve = (socket: Socket): void => void exchange(socket, bytes);
  const read = (file: string): Buffer => readFileSync(join(directory, file));
  const server = tls
    ? createTlsServer({ allowHalfOpen: true, key: read('key.pem'), cert: read('cert.pem') }, serve)
    : createServer({ allowHalfOpen: true, noDelay: true }, serve);
  process.send?.({ port: await listening(server) });
  process.on('message', async (task: { proxy: number; bytes: number; connections: number }) => {
    bytes = task.bytes;
    const began = performance.now();
    const dial = (): Promise<void> =>
      exchange(connect({ host: '127.0.0.1', port: task.proxy, allowHalfOpen: true }), bytes);
    await Promise.all(Array.from({ length: task.connections }, dial));
    process.send?.({ ms: performance.now() - began });
  });
}

/** Sends `bytes` and receives as many, and ends when both are done, so that its end says that all came through. */
async function exchange(socket: Socket, bytes: number): Promise<void> {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let left = bytes;
  let received = 0;
  const endIfDone = (): void => {
    if (left === 0 && received === bytes) socket.end();
  };
  const send = (): void => {
    while (left > 0) {
      const size = Math.min(left, chunk.length);
      left -= size;
      if (!socket.write(size === chunk.length ? chunk : chunk.subarray(0, size))) break;
    }
    endIfDone();
  };
  socket.on('drain', send).on('data', ({ length }: Buffer) => {
    received += length;
    endIfDone();
  });
  send();
  await once(socket, 'end');
  if (received !== bytes) throw new Error(`${received} of ${bytes} bytes came through`);
}

if (process.argv[2] === 'peers' && process.send !== undefined) {
  await peers(process.argv[3] ?? '', process.argv[4] === 'tls');
}
