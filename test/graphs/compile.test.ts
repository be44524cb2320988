// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of a config
import { readFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { EMPTY, Subject, type Subscription } from 'rxjs';
import cache from '../../graphs/cache.ts';
import client from '../../graphs/client.ts';
import echo from '../../graphs/echo.ts';
import embedded from '../../graphs/embedded.ts';
import http from '../../graphs/http.ts';
import { compile, type GraphEvent, graph } from '../../graphs/index.ts';
import { parse } from '../../graphs/parse.ts';
import proxy from '../../graphs/proxy.ts';
import { resolve } from '../../graphs/resolve.ts';
import { Source } from '../../graphs/source.ts';
import sse from '../../graphs/sse.ts';
import { begin, type Frame } from '../../src/frame.ts';
import type { Net, NetBegin, NetLane } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';
import { problemsOf } from './broken.ts';
import { exampleEnv as env } from './env.ts';

const read = (file: string): string => readFileSync(join(__dirname, '../../graphs', file), 'utf8');

/** An operator that remembers what it was opened with. */
function recorder(): Binding<Net> & { readonly opened: NetBegin[] } {
  const opened: NetBegin[] = [];
  const binding: Binding<Net> = (initial) => {
    initial.subscribe((frame) => {
      if (frame.kind === 'begin') opened.push(frame.ext);
    });
    return EMPTY;
  };
  return Object.assign(binding, { opened });
}

/** Opens a stream of a binding; answers the frames of its reply. */
function open(binding: Binding<Net>, ext: NetBegin): Frame<NetLane>[] {
  const replied: Frame<NetLane>[] = [];
  const initial = new Subject<Frame<NetLane>>();
  binding(initial).subscribe((frame) => replied.push(frame));
  initial.next(begin(ext, () => {}));
  return replied;
}

describe('YAML and code', () => {
  it.each([
    ['echo.yaml', echo],
    ['proxy.yaml', proxy],
    ['client.yaml', client],
    ['cache.yaml', cache],
    ['embedded.yaml', embedded],
    ['http.yaml', http],
    ['sse.yaml', sse],
  ])('of %s compile to the same graph', (file, config) => {
    const [yaml, code] = [compile(read(file), { env }), compile(config, { env })];
    expect(code).toEqual(yaml);
    expect(yaml.nodes.length).toBeGreaterThan(1);
    // Options are not part of the graph that one can look at, so the plans are held against each other.
    const planOf = (text: string) => {
      const source = new Source('x', text);
      const plan = resolve(source, parse(source, env), []);
      return [...plan.bindings.values()].map(({ pointer: _, ...planned }) => planned);
    };
    expect(planOf(JSON.stringify(config))).toEqual(planOf(read(file)));
  });

  it('may have bindings of code, in the config or beside it', () => {
    const app: Binding<Net> = (initial) => initial;
    const inline = compile(
      graph({ name: 'x', bindings: { in: { type: 'tcp', kind: 'server', options: { port: 0 }, exit: 'app' }, app } }),
    );
    const text = 'name: x\nbindings:\n  in: {type: tcp, kind: server, options: {port: 0}, exit: app}\n';
    const beside = compile(text, { bindings: { app } });
    expect(inline).toEqual(beside);
    expect([inline.binding('app'), beside.binding('app')]).toEqual([app, app]);
  });

  it('give the mistakes of an object a place, too', () => {
    expect(() => compile({ name: 'x', bindings: { in: { type: 'tcp', kind: 'client', exit: 'ot' } } })).toThrow(
      /config:6:5 error CONFIG_UNKNOWN_KEY: a tcp client takes no `exit`/,
    );
  });
});

describe('a graph', () => {
  let subscription: Subscription | undefined;

  const routed = `
name: routed
bindings:
  tls:
    type: tls
    kind: client
    routes:
      - when: [{ authority: '*.example.org' }, { port: 9000-9099 }]
        exit: first
      - when: [{ authority: 'www.example.org' }]
        exit: second
    exit: last
  tcp:
    type: tcp
    kind: client
    routes:
      - when: [{ port: 443 }]
`;

  it('leads each stream of a binding without an exit by its routes, or refuses it', () => {
    const refused = open(
      compile(routed, { bindings: { first: recorder(), second: recorder(), last: recorder() } }).binding('tcp'),
      {
        remote: { address: '127.0.0.1', port: 80 },
      },
    );
    expect(refused).toMatchObject([{ kind: 'abort', ext: { code: 'ROUTE_NONE' } }]);
  });

  it('shows its routes, in order and before the exit', () => {
    const compiled = compile(routed, { bindings: { first: recorder(), second: recorder(), last: recorder() } });
    expect(compiled.nodes[0]?.exits).toEqual([
      { to: 'first', when: [{ authority: '*.example.org' }, { port: '9000-9099' }] },
      { to: 'second', when: [{ authority: 'www.example.org' }] },
      { to: 'last', when: [] },
    ]);
  });

  it.each([
    ['127.0.0.0/8', 'first'],
    ['10.0.0.0/8', 'last'],
  ])('leads a connection within %s or not to the %s', async (cidr, expected) => {
    const [first, last] = [recorder(), recorder()];
    const text = `name: x\nbindings:\n  in:\n    type: tcp\n    kind: server\n    options: {host: 127.0.0.1, port: 0}\n    routes: [{when: [{cidr: ${cidr}}], exit: first}]\n    exit: last\n`;
    const port = new Subject<number>();
    const compiled = compile(text, {
      bindings: { first, last },
      onEvent: (event) => event.kind === 'listening' && port.next(event.at[0]?.port ?? 0),
    });
    const running = compiled.run();
    const socket = await new Promise<Socket>((done) => {
      port.subscribe((port) => {
        const socket = createConnection({ host: '127.0.0.1', port }).on('error', () => {});
        socket.on('close', () => done(socket));
      });
      subscription = running.subscribe();
    });
    socket.destroy();
    subscription?.unsubscribe();
    expect([first.opened.length, last.opened.length]).toEqual(expected === 'first' ? [1, 0] : [0, 1]);
  });

  it('uses a supplied binding in place of one that it declares', () => {
    const app = recorder();
    const compiled = compile(read('proxy.yaml'), { env, bindings: { south_tcp_client: app } });
    expect(compiled.binding('south_tcp_client')).toBe(app);
    expect(compiled.warnings).toEqual([]);
  });

  it('has no operator under the name of a server, or of nothing', () => {
    const compiled = compile(echo);
    expect(() => compiled.binding('north_tcp_server')).toThrow(/CONFIG_UNKNOWN_BINDING/);
    expect(() => compiled.binding('north_echo')).toThrow(/CONFIG_UNKNOWN_BINDING/);
  });

  it('listens when it is run, echoes, and stops when that is unsubscribed', async () => {
    const events: GraphEvent[] = [];
    const told = new Subject<GraphEvent>();
    told.subscribe((event) => events.push(event));
    const next = (kind: GraphEvent['kind']): Promise<GraphEvent> =>
      new Promise((done) => told.subscribe((event) => event.kind === kind && done(event)));
    const compiled = compile(read('echo.yaml').replace('7114', '0'), { onEvent: (event) => told.next(event) });
    expect(events).toEqual([]);

    const listening = next('listening');
    const running = compiled.run().subscribe();
    const event = await listening;
    const port = event.kind === 'listening' ? event.at[0]?.port : undefined;
    const socket = createConnection({ host: '127.0.0.1', port: port ?? 0 });
    const echoed = new Promise<string>((done) => {
      let text = '';
      socket.on('data', (chunk) => (text += chunk)).on('end', () => done(text));
    });
    socket.end('hello');
    expect(await echoed).toBe('hello');

    const closed = next('closed');
    running.unsubscribe();
    expect(await closed).toMatchObject({ binding: 'north_tcp_server' });
  });
});

describe('an expression', () => {
  const config = (value: string, key = 'port'): string =>
    `name: x\nbindings:\n  in: {type: tcp, kind: server, options: {port: 1, ${key}: ${value}}, exit: out}\n  out: {type: echo, kind: server}\n`.replace(
      key === 'port' ? 'port: 1, ' : '',
      '',
    );

  it('becomes the number that is wanted', () => {
    expect(problemsOf(config('"${{ env.PORT }}"'), { PORT: '7114' })).toEqual([]);
    expect(problemsOf(config('"${{env.LOW}}-${{env.HIGH}}"'), { LOW: '1', HIGH: '9' })).toEqual([]);
  });

  it('may give a boolean, and stays a string where one is wanted', () => {
    const tls = (option: string): string =>
      `name: x\nbindings:\n  tls:\n    type: tls\n    kind: client\n    exit: tcp\n    options:\n      ${option}\n  tcp: {type: tcp, kind: client}\n`;
    expect(problemsOf(tls('trustcacerts: ${{env.X}}'), { X: 'true' })).toEqual([]);
    expect(problemsOf(tls('trustcacerts: ${{env.X}}'), { X: 'yes' }).map(({ code }) => code)).toEqual(['CONFIG_TYPE']);
    expect(problemsOf(tls('sni: [${{env.X}}]'), { X: '123' })).toEqual([]);
  });

  it('reads the variables that are there, not those of a prototype', () => {
    expect(problemsOf(config('${{env.toString}}')).map(({ code }) => code)).toEqual(['CONFIG_ENV_UNSET']);
  });

  it('never shows its value in a message', () => {
    const secret = '99999';
    for (const problem of problemsOf(config('${{env.SECRET}}'), { SECRET: secret })) {
      expect(JSON.stringify(problem)).not.toContain(secret);
    }
    const vault = `name: x\nvaults: {v: {type: filesystem, options: {trust: {store: "\${{env.SECRET}}"}}}}\nbindings: {}\n`;
    const [problem] = problemsOf(vault, { SECRET: '/a/secret/place' });
    expect(problem?.code).toBe('CONFIG_REFUSED');
    expect(JSON.stringify(problem)).not.toContain('secret/place');
  });
});

describe('telemetry', () => {
  it('is ignored with a warning at its line', () => {
    const [warning, ...more] = problemsOf(`${read('echo.yaml')}telemetry:\n  exporters: {}\n`);
    expect(warning).toMatchObject({ severity: 'warning', code: 'CONFIG_UNSUPPORTED', line: 14, column: 1 });
    expect(more).toEqual([]);
  });
});
