import { graph } from '../../graphs/builder.ts';
import type { Http } from '../../src/protocol/http.ts';
import type { Net } from '../../src/protocol/net.ts';
import type { Binding, Lane, Protocol } from '../../src/protocol.ts';
import { typeErrors } from '../docs/check-types.ts';

/** A protocol that no kind speaks yet. */
interface Words extends Protocol {
  readonly initial: Lane & { readonly data: string };
  readonly reply: Lane & { readonly data: string };
}

const bytes: Binding<Net> = (initial) => initial;
const words: Binding<Words> = (initial) => initial;
const out = { type: 'echo', kind: 'server' } as const;

describe('the typed builder', () => {
  it('takes what is right', () => {
    const config = graph({
      name: 'echo',
      bindings: {
        in: {
          type: 'tcp',
          kind: 'server',
          options: { host: ['localhost', '::1'], port: [7114, '7200-7210'] },
          routes: [{ when: [{ port: 7114, cidr: '10.0.0.0/8' }], exit: 'code' }],
          exit: 'out',
        },
        out,
        code: bytes,
      },
    });
    type Exit = Expect<Equal<(typeof config)['bindings']['in']['exit'], 'out'>>;
    const exit: Exit = true;
    expect([config.bindings.in.exit, exit]).toEqual(['out', true]);
  });

  it('refuses an exit that is misspelled, missing, or leads to itself or to what takes no streams', () => {
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: no binding is named ot
        misspelled: { type: 'tcp', kind: 'server', options: { port: 1 }, exit: 'ot' },
        out,
      },
    });
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: needs an exit, or routes
        missing: { type: 'tcp', kind: 'server', options: { port: 1 } },
      },
    });
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: a tcp server takes no streams
        one: { type: 'tcp', kind: 'server', options: { port: 1 }, exit: 'two' },
        two: { type: 'tcp', kind: 'server', options: { port: 2 }, exit: 'out' },
        out,
      },
    });
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: an echo server has no exit
        last: { type: 'echo', kind: 'server', exit: 'out' },
        out,
      },
    });
  });

  it('refuses an exit to an operator of another protocol', () => {
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: words are not bytes
        in: { type: 'tcp', kind: 'server', options: { port: 1 }, exit: 'words' },
        words,
      },
    });
  });

  it('refuses a wrong exit of a route', () => {
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: no binding is named ot
        in: { type: 'tcp', kind: 'server', options: { port: 1 }, routes: [{ exit: 'ot' }] },
        out,
      },
    });
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: a route needs an exit
        in: { type: 'tcp', kind: 'server', options: { port: 1 }, routes: [{ when: [{ port: 1 }] }] },
        out,
      },
    });
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: a condition has no prt
        in: { type: 'tcp', kind: 'server', options: { port: 1 }, routes: [{ when: [{ prt: 1 }], exit: 'out' }] },
        out,
      },
    });
  });

  it('takes http over network bindings, and what a route makes of a request', () => {
    const files = { type: 'filesystem', kind: 'server', options: { location: '.' } } as const;
    const page: Binding<Http> = (initial) => initial as never;
    const authorization = { door: { credentials: { headers: { authorization: 'Bearer {credentials}' } } } };
    graph({
      name: 'right',
      bindings: {
        http: {
          type: 'http',
          kind: 'server',
          options: {
            versions: ['h2'],
            'access-control': { policy: 'cross-origin', allow: { origins: ['https://x'] } },
          },
          routes: [{ when: [{ headers: { ':path': '/events/*' } }], exit: 'sse' }],
          exit: 'page',
        },
        sse: { type: 'sse', kind: 'server', options: { retry: 1 }, exit: 'news' },
        news: (initial: unknown) => initial as never,
        page: {
          type: 'http-filesystem',
          kind: 'proxy',
          routes: [{ when: [{ path: '/{path}' }], with: { path: 'index.html' }, exit: 'files' }],
        },
        files,
      },
    });
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: no policy is named so
        http: { type: 'http', kind: 'server', options: { 'access-control': { policy: 'any' } }, exit: 'page' },
        page,
      },
    });
    graph({
      name: 'wrong',
      guards: { door: { type: 'jwt', options: { keys: 'https://example.org/keys' } } },
      bindings: {
        http: { type: 'http', kind: 'server', options: { authorization }, exit: 'page' },
        page: {
          type: 'http-filesystem',
          kind: 'proxy',
          // @ts-expect-error: no guard is named so
          routes: [{ guarded: { dor: [] }, exit: 'files' }],
        },
        files,
      },
    });
    graph({
      name: 'wrong',
      // @ts-expect-error: a jwt guard needs keys
      guards: { door: { type: 'jwt', options: {} } },
      bindings: { files },
    });
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: with takes no pth
        page: { type: 'http-filesystem', kind: 'proxy', routes: [{ with: { pth: 'x' }, exit: 'files' }] },
        files,
      },
    });
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: an http server opens http streams, and a filesystem server takes files
        http: { type: 'http', kind: 'server', exit: 'files' },
        files,
      },
    });
  });

  it('takes a kafka client over network bindings, and refuses another exit or half a way to log in', () => {
    const options = { servers: ['localhost:9092'] };
    const net = { type: 'tcp', kind: 'client' } as const;
    graph({
      name: 'right',
      bindings: {
        app: {
          type: 'kafka',
          kind: 'client',
          options,
          routes: [{ when: [{ topic: 'a.*' }], exit: 'net' }],
          exit: 'net',
        },
        net,
      },
    });
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: words are not bytes
        app: { type: 'kafka', kind: 'client', options, exit: 'words' },
        words,
      },
    });
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: a kafka client takes no network streams
        in: { type: 'tcp', kind: 'server', options: { port: 1 }, exit: 'app' },
        app: { type: 'kafka', kind: 'client', options, exit: 'net' },
        net,
      },
    });
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: a condition has no partition
        app: { type: 'kafka', kind: 'client', options, routes: [{ when: [{ partition: 1 }], exit: 'net' }] },
        net,
      },
    });
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: there is no such mechanism
        app: { type: 'kafka', kind: 'client', options: { ...options, sasl: { mechanism: 'none' } }, exit: 'net' },
        net,
      },
    });
  });

  it('refuses exits that lead round in a circle', () => {
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: one leads to two, which leads to one
        one: { type: 'tls', kind: 'client', exit: 'two' },
        // @ts-expect-error: and so does two
        two: { type: 'tls', kind: 'client', exit: 'one' },
      },
    });
    graph({
      name: 'wrong',
      bindings: {
        // @ts-expect-error: it leads to itself
        one: { type: 'tls', kind: 'client', exit: 'one' },
      },
    });
  });

  it('refuses a type, or a kind of it, that is unknown or cannot be honoured yet', () => {
    // @ts-expect-error: no binding is of type tpc
    graph({ name: 'wrong', bindings: { in: { type: 'tpc', kind: 'server', options: { port: 1 }, exit: 'out' }, out } });
    // @ts-expect-error: no tcp binding is of kind srever
    graph({ name: 'wrong', bindings: { in: { type: 'tcp', kind: 'srever', options: { port: 1 }, exit: 'out' }, out } });
    // @ts-expect-error: an echo server is not a client
    graph({ name: 'wrong', bindings: { out: { type: 'echo', kind: 'client' } } });
    // @ts-expect-error: this build has no tls proxy yet
    graph({ name: 'wrong', bindings: { in: { type: 'tls', kind: 'proxy', exit: 'out' }, out } });
    // @ts-expect-error: a kind is needed
    graph({ name: 'wrong', bindings: { out: { type: 'echo' } } });
  });

  it('refuses an option that is unknown, missing, of the wrong type or of no known value', () => {
    // @ts-expect-error: options have no prt
    graph({ name: 'wrong', bindings: { in: { type: 'tcp', kind: 'server', options: { prt: 1 }, exit: 'out' }, out } });
    graph({
      name: 'wrong',
      // @ts-expect-error: options have no backlog
      bindings: { in: { type: 'tcp', kind: 'server', options: { port: 1, backlog: 5 }, exit: 'out' }, out },
    });
    // @ts-expect-error: a tcp server needs a port
    graph({ name: 'wrong', bindings: { in: { type: 'tcp', kind: 'server', options: {}, exit: 'out' }, out } });
    // @ts-expect-error: a tcp server needs options
    graph({ name: 'wrong', bindings: { in: { type: 'tcp', kind: 'server', exit: 'out' }, out } });
    graph({
      name: 'wrong',
      // @ts-expect-error: a port is no boolean
      bindings: { in: { type: 'tcp', kind: 'server', options: { port: true }, exit: 'out' }, out },
    });
    // @ts-expect-error: an echo server has no options
    graph({ name: 'wrong', bindings: { out: { type: 'echo', kind: 'server', options: {} } } });
    graph({
      name: 'wrong',
      // @ts-expect-error: there is no such version of TLS
      bindings: { in: { type: 'tls', kind: 'client', options: { version: 'TLSv1.4' }, exit: 'out' }, out },
    });
    graph({
      name: 'wrong',
      // @ts-expect-error: it cannot be honoured yet
      bindings: { in: { type: 'tls', kind: 'client', options: { authorization: {} }, exit: 'out' }, out },
    });
  });

  it('tells of a name that does not fit where it stands, and which would', () => {
    const text = `import { graph } from 'sluice/graphs';
graph({
  name: 'wrong',
  bindings: {
    misspelled: {
      type: 'tcp',
      kind: 'server',
      options: { port: 1 },
      exit: 'ot',
    },
    routed: {
      type: 'tcp',
      kind: 'server',
      options: { port: 2 },
      routes: [{ when: [{ port: 2 }], exit: 'log' }],
      exit: 'out',
    },
    out: { type: 'tls', kind: 'client', vault: 'keper', exit: 'net' },
    log: { type: 'kafka', kind: 'client', options: { servers: ['a:9092'] }, exit: 'net' },
    net: { type: 'tcp', kind: 'client' },
  },
  vaults: { keeper: { type: 'filesystem', options: {} } },
});`;
    const errors = typeErrors([{ page: 'wrong.ts', line: 1, language: 'ts', text }]);
    expect(errors).toHaveLength(3);
    const fits = 'OneOf<("net" \\| "out"|"out" \\| "net")>';
    expect(errors[0]).toMatch(new RegExp(`^wrong\\.ts:9 Type '"ot"' is not assignable to type '"ot" & ${fits}'`));
    expect(errors[1]).toMatch(new RegExp(`^wrong\\.ts:15 .*Type '"log"' is not assignable to type '.*${fits}'`));
    expect(errors[2]).toMatch(/^wrong\.ts:18 Type '"keper"' is not assignable to type '"keper" & OneOf<"keeper">'/);
  });

  it('refuses a vault that is not there, or not taken', () => {
    const vaults = { keeper: { type: 'filesystem', options: { trust: { store: 'trust.p12' } } } } as const;
    graph({
      name: 'right',
      vaults,
      bindings: { in: { type: 'tls', kind: 'client', vault: 'keeper', exit: 'out' }, out },
    });
    graph({
      name: 'wrong',
      vaults,
      // @ts-expect-error: no vault is named keper
      bindings: { in: { type: 'tls', kind: 'client', vault: 'keper', exit: 'out' }, out },
    });
    // @ts-expect-error: there are no vaults
    graph({ name: 'wrong', bindings: { in: { type: 'tls', kind: 'client', vault: 'keeper', exit: 'out' }, out } });
    // @ts-expect-error: an echo server takes no vault
    graph({ name: 'wrong', vaults, bindings: { out: { type: 'echo', kind: 'server', vault: 'keeper' } } });
    // @ts-expect-error: no vault is of type filesystm
    graph({ name: 'wrong', vaults: { keeper: { type: 'filesystm', options: {} } }, bindings: { out } });
    // @ts-expect-error: a store needs its file
    graph({ name: 'wrong', vaults: { keeper: { type: 'filesystem', options: { trust: {} } } }, bindings: { out } });
  });

  it('refuses a key that is unknown or missing', () => {
    // @ts-expect-error: a config needs a name
    graph({ bindings: { out } });
    // @ts-expect-error: a config needs bindings
    graph({ name: 'wrong' });
    // @ts-expect-error: a config has no bidnings
    graph({ name: 'wrong', bidnings: { out } });
    // @ts-expect-error: catalogs cannot be honoured yet
    graph({ name: 'wrong', catalogs: {}, bindings: { out } });
    // @ts-expect-error: a binding has no exits
    graph({ name: 'wrong', bindings: { in: { type: 'tls', kind: 'client', exit: 'out', exits: [] }, out } });
  });
});

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Expect<T extends true> = T;
