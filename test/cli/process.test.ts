import { readFileSync } from 'node:fs';
import { type AddressInfo, createConnection, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { Certificates } from '../src/net/certificates.ts';
import { Process, root } from './process.ts';

const certificates = new Certificates();

/** The port of a listening server. */
const listening = (server: Server): Promise<number> =>
  new Promise((done) => server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port)));

/** All that is sent to a socket. */
const everything = (socket: Socket): Promise<string> =>
  new Promise((done) => {
    let text = '';
    socket.on('data', (chunk) => (text += chunk)).on('end', () => done(text));
  });

const example = (name: string): string => {
  const text = readFileSync(join(root, 'graphs', name), 'utf8').replace(/port: 71\d\d/, 'port: 0');
  return certificates.write(name, text);
};

describe('the sluice command', () => {
  let running: Process | undefined;
  let server: Server | undefined;
  afterEach(() => {
    running?.child.kill('SIGKILL');
    server?.close();
  });
  afterAll(() => certificates.remove());

  it.each(['SIGTERM', 'SIGINT'] as const)('runs a file until %s, finishes its streams, and exits 0', async (signal) => {
    running = new Process(['run', example('echo.yaml')]);
    const [, port] = await running.logged(/127\.0\.0\.1:(\d+)/);
    const socket = createConnection({ host: '127.0.0.1', port: Number(port) });
    const echoed = everything(socket);
    socket.write('before ');
    await new Promise((done) => socket.once('data', done));
    running.child.kill(signal);
    await running.logged(new RegExp(signal));
    socket.end('after');
    expect(await echoed).toBe('before after');
    expect(await running.ended).toEqual([0, null]);
  });

  it('carries plain connections over TLS as the proxy example says', async () => {
    certificates.self('ca');
    certificates.signed('server', 'ca', ['localhost']);
    server = createServer({ key: certificates.read('server.key'), cert: certificates.read('server.pem') }, (peer) =>
      peer.pipe(peer),
    );
    const env = {
      PROXY_HOST: 'localhost',
      PROXY_PORT: String(await listening(server)),
      NODE_EXTRA_CA_CERTS: certificates.path('ca.pem'),
    };
    running = new Process(['run', example('proxy.yaml')], env);
    const [, port] = await running.logged(/127\.0\.0\.1:(\d+)/);
    const socket = createConnection({ host: '127.0.0.1', port: Number(port) });
    const echoed = everything(socket);
    socket.end('x'.repeat(300_000));
    expect((await echoed).length).toBe(300_000);
    running.child.kill('SIGTERM');
    expect(await running.ended).toEqual([0, null]);
  });

  it('exits 3 for a file with mistakes', async () => {
    running = new Process(['run', join(root, 'test/graphs/broken/type-misspelled.yaml.txt')]);
    expect(await running.ended).toEqual([3, null]);
    expect(running.err).toContain('CONFIG_UNKNOWN_TYPE');
  });
});
