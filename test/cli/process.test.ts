import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createConnection, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { Certificates } from '../src/net/certificates.ts';

const root = join(__dirname, '../..');
const certificates = new Certificates();

const asModule = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;

/** Has node read the sources as they are, so that the process is tested without a build. */
const hooks = asModule(`
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
const { transformSync } = createRequire(${JSON.stringify(join(root, 'package.json'))})('@swc/core');
const jsc = { parser: { syntax: 'typescript' }, target: 'es2022' };
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { code } = transformSync(readFileSync(fileURLToPath(url), 'utf8'), { jsc, module: { type: 'es6' } });
  return { format: 'module', source: code, shortCircuit: true };
}`);
const loader = asModule(`import { register } from 'node:module'; register(${JSON.stringify(hooks)});`);

/** A running `sluice`. */
class Process {
  readonly child: ChildProcess;
  readonly ended: Promise<readonly [code: number | null, signal: string | null]>;
  err = '';

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.child = spawn(process.execPath, ['--import', loader, join(root, 'src/cli/main.ts'), ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.child.stderr?.on('data', (chunk) => {
      this.err += chunk;
    });
    this.ended = new Promise((done) => this.child.on('close', (code, signal) => done([code, signal])));
  }

  /** Waits for something to be logged. */
  logged(what: RegExp): Promise<RegExpExecArray> {
    return new Promise((done, fail) => {
      const look = (): void => {
        const found = what.exec(this.err);
        if (found) done(found);
      };
      look();
      this.child.stderr?.on('data', look);
      this.child.on('close', () => fail(new Error(`ended: ${this.err}`)));
    });
  }
}

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
