// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of a config
import { EMPTY, from, lastValueFrom, of, ReplaySubject, Subject, VirtualTimeScheduler } from 'rxjs';
import { compile, type GraphEvent } from '../../graphs/index.ts';
import { client, type KafkaClientOptions } from '../../operators/kafka/client.ts';
import { abort, begin, type Frame } from '../../src/frame.ts';
import type { Identity } from '../../src/protocol/guard.ts';
import type { Kafka, KafkaFault } from '../../src/protocol/kafka.ts';
import type { Net } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';

jest.mock('../../operators/kafka/client.ts', () => ({ client: jest.fn() }));
const made = client as jest.MockedFunction<typeof client>;
const optionsOf = (call: number): KafkaClientOptions => made.mock.calls[call]?.[1] as KafkaClientOptions;

const net = (): Binding<Net> => () => EMPTY;
const config = (rest: string, options = ''): string => `
name: x
bindings:
  app:
    type: kafka
    kind: client
    options: { servers: ['one:9092,two:9093'] ${options} }
${rest}
`;

/** A client that answers with the name of its exit, so that a test sees where a stream was led. */
function naming(exits: Readonly<Record<string, Binding<Net>>>): void {
  made.mockImplementation((exit): Binding<Kafka> => {
    const name = Object.keys(exits).find((each) => exits[each] === exit) ?? 'none';
    return () => of(abort({ code: 'LED', message: name }));
  });
}

function led(binding: Binding<Kafka>, topic: string): string | undefined {
  const initial = new Subject<Frame<Kafka['initial']>>();
  let fault: KafkaFault | undefined;
  binding(initial).subscribe((frame) => {
    if (frame.kind === 'abort') fault = frame.ext;
  });
  initial.next(begin({ api: 'meta' as const, topic }, () => {}));
  return fault?.code === 'LED' ? fault.message : fault?.code;
}

afterEach(() => made.mockReset());

describe('a kafka client', () => {
  it('leads each stream by its topic, the first route that matches first, and else to the exit', () => {
    const exits = { east: net(), west: net(), rest: net() };
    naming(exits);
    const text = config(`
    routes:
      - when: [{ topic: 'a.*' }, { topic: 'b' }]
        exit: east
      - when: [{ topic: '*.west' }]
        exit: west
    exit: rest`);
    const app = compile(text, { bindings: exits }).binding<Kafka>('app');
    const topics = ['a.1', 'a.west', 'b', 'b.west', 'c'];
    expect(topics.map((topic) => led(app, topic))).toEqual(['east', 'east', 'east', 'west', 'rest']);
  });

  it('refuses a topic that no route takes where there is no exit', () => {
    const exits = { east: net() };
    naming(exits);
    const text = config("    routes: [{ when: [{ topic: 'a' }], exit: east }]");
    expect(led(compile(text, { bindings: exits }).binding<Kafka>('app'), 'b')).toBe('ROUTE_NONE');
  });

  it('is one client for each exit, however many routes lead there', () => {
    const exits = { east: net(), rest: net() };
    naming(exits);
    const text = config(`
    routes:
      - when: [{ topic: a }]
        exit: east
      - when: [{ topic: b }]
        exit: east
    exit: rest`);
    compile(text, { bindings: exits });
    expect(made.mock.calls.map(([exit]) => exit)).toEqual([exits.rest, exits.east]);
  });

  it('is given the servers, the compression and who it is', async () => {
    naming({});
    const out = '    exit: out';
    const bindings = { out: net() };
    const user = '{ mechanism: scram-sha-512, username: alice, password: "${{env.P}}" }';
    compile(config(out, `, compression: zstd, sasl: ${user}`), { bindings, env: { P: 'a-secret' } });
    expect(optionsOf(0)).toMatchObject({
      servers: [
        { address: 'one', port: 9092 },
        { address: 'two', port: 9093 },
      ],
      compression: 'zstd',
      sasl: { mechanism: 'scram-sha-512', username: 'alice', password: 'a-secret' },
    });
    compile(config(out, `, authorization: { any: { credentials: ${user} } }`), { bindings, env: { P: 'other' } });
    expect(optionsOf(1)).toMatchObject({ sasl: { mechanism: 'scram-sha-512', username: 'alice', password: 'other' } });
    compile(config(out, ', sasl: { mechanism: oauthbearer, token: "${{env.T}}" }'), { bindings, env: { T: 't1' } });
    const { sasl } = optionsOf(2);
    expect(sasl?.mechanism === 'oauthbearer' && (await lastValueFrom(from(sasl.token())))).toBe('t1');
    compile(config(out), { bindings });
    expect(optionsOf(3)).not.toHaveProperty('sasl');
  });

  it('shows what a guard says of the graph itself', () => {
    naming({});
    const guards = 'guards: { own: { type: inline, options: { identity: app, credentials: "${{env.SECRET}}" } } }';
    const given = '{ mechanism: plain, username: "{identity}", password: "<{credentials}>" }';
    const text = config(`    exit: one\n${guards}`, `, authorization: { own: { credentials: ${given} } }`);
    compile(text.replace(/^\n$/m, ''), { bindings: { one: net() }, env: { SECRET: 's' } });

    expect(made.mock.lastCall?.[1].sasl).toEqual({ mechanism: 'plain', username: 'app', password: '<s>' });
  });

  it('shows whom a guard recognised of those whom a stream is for, and each by its newest token', async () => {
    naming({});
    const guards = `guards: { door: { type: jwt, options: { keys: 'http://127.0.0.1:1/' } } }`;
    const given = '{ mechanism: oauthbearer, token: "{credentials}" }';
    const text = config(`    exit: one\n${guards}`, `, authorization: { door: { credentials: ${given} } }`);
    compile(text.replace(/^\n$/m, ''), { bindings: { one: net() } });
    const { sasl, shownFor } = optionsOf(0);
    const renewed = new ReplaySubject<Identity>(1);
    const one = (credentials: string): Identity => ({ identity: 'ann', credentials, roles: [], attributes: {} });
    const shown = shownFor?.(new Map([['door', { ...one('t1'), renewal: { id: 'r', renewed } }]]));
    const tokens = async () => shown?.sasl.mechanism === 'oauthbearer' && lastValueFrom(from(shown.sasl.token()));

    expect(sasl).toBeUndefined();
    expect(await tokens()).toBe('t1');
    renewed.next(one('t2'));
    expect(await tokens()).toBe('t2');
    expect(shownFor?.(new Map([['door', one('t1')]]))?.key).toBe(shown?.key);
    expect(shownFor?.(new Map([['door', one('t3')]]))?.key).not.toBe(shown?.key);
    expect(() => shownFor?.(undefined)).toThrow('HTTP_UNAUTHORIZED: guard door recognised nobody');
    expect(() => shownFor?.(new Map([['other', one('t1')]]))).toThrow('HTTP_UNAUTHORIZED');
  });

  it('tells what it tries again, once a second however many requests wait for it', () => {
    naming({});
    const scheduler = new VirtualTimeScheduler();
    const events: GraphEvent[] = [];
    compile(config('    exit: out'), { bindings: { out: net() }, scheduler, onEvent: (event) => events.push(event) });
    const fault = { code: 'NET_REFUSED', message: 'nothing listens on one:9092' };
    const told = { kind: 'retrying', binding: 'app', fault };
    optionsOf(0).onRetry?.(fault);
    optionsOf(0).onRetry?.(fault);
    expect(events).toEqual([told]);
    optionsOf(0).onRetry?.({ ...fault, message: 'nothing listens on two:9092' });
    expect(events).toHaveLength(2);
    scheduler.frame = 1_000;
    optionsOf(0).onRetry?.(fault);
    expect(events.slice(2)).toEqual([told]);
  });

  it('shows nothing of a secret in a graph or a mistake', () => {
    naming({});
    const secret = 'a-canary';
    const sasl = ', sasl: { mechanism: plain, username: "${{env.P}}", password: "${{env.P}}" }';
    const options = { bindings: { out: net() }, env: { P: secret } };
    expect(JSON.stringify(compile(config('    exit: out', sasl), options))).not.toContain(secret);
    const wrong = config('    exit: out', sasl).replace('one:9092', '${{env.P}}');
    expect(() => compile(wrong, options)).toThrow(expect.not.stringContaining(secret));
    expect(() => compile(wrong, options)).toThrow(/CONFIG_VALUE/);
  });
});
