import { Observable, of, Subject, VirtualTimeScheduler } from 'rxjs';
import { type SseServerOptions, sseServer } from '../../../operators/sse/server.ts';
import { window } from '../../../src/control.ts';
import { emitter, type Source } from '../../../src/emitter.ts';
import { abort, begin, end, type Following, type Frame, flush } from '../../../src/frame.ts';
import { lawful } from '../../../src/lawful.ts';
import type { Authorization, Identity } from '../../../src/protocol/guard.ts';
import { type Http, headersOf } from '../../../src/protocol/http.ts';
import type { Sse, SseProgress } from '../../../src/protocol/sse.ts';
import { events, SseBody } from '../../../src/protocol/sse-events.ts';
import type { Binding } from '../../../src/protocol.ts';
import { curl, exchanged, servingHttp } from '../../src/net/http-peers.ts';
import { connected, until } from '../../src/net/peers.ts';

const body = (text: string, event?: string): SseBody => new SseBody(Buffer.from(text), event);

/** A client that listens, as the exit has it. */
class Listening implements Source<Sse['reply']> {
  readonly frames: Frame<Sse['initial']>[] = [];
  left = false;
  balance = 0;
  wake: () => void = () => {};
  readonly #sending: Following<Sse['reply']>[] = [];

  get begin() {
    return this.frames.find((frame) => frame.kind === 'begin')?.ext;
  }

  put(frame: Following<Sse['reply']>): void {
    this.#sending.push(frame);
    this.wake();
  }

  send(text: string, id?: string): void {
    this.put(events([{ body: body(text), ...(id !== undefined && { id }) }]));
  }

  pull(balance: number): Following<Sse['reply']> | undefined {
    this.balance = balance;
    if (this.#sending[0]?.kind === 'data' && balance <= 0) return undefined;
    const frame = this.#sending.shift();
    if (frame?.kind === 'data') this.balance -= frame.reserved;
    return frame;
  }
}

const listening =
  (all: Listening[]): Binding<Sse> =>
  (initial) =>
    emitter<Sse['reply']>(undefined, (wake, out) => {
      const one = Object.assign(new Listening(), { wake });
      all.push(one);
      out.add(() => {
        one.left = true;
      });
      out.add(initial.subscribe((frame) => one.frames.push(frame)));
      return one;
    });

const lawfulSse =
  (exit: Binding<Sse>): Binding<Sse> =>
  (initial) =>
    initial.pipe(lawful('sse initial'), exit, lawful('sse reply'));

const serving = (all: Listening[], options: SseServerOptions = {}) =>
  servingHttp(sseServer(options)(lawfulSse(listening(all))));

const GET = 'GET /news/today?a=b HTTP/1.1\r\nHost: x\r\n';

/** Listens, and collects what comes. */
async function listen(port: number, more = '') {
  const socket = await connected(port);
  const heard = { socket, text: '', writes: 0 };
  socket.on('data', (chunk: Buffer) => {
    heard.text += chunk.toString();
    heard.writes += 1;
  });
  socket.write(`${GET}${more}\r\n`);
  return heard;
}

/** One stream under virtual time: what the exit has, and the body that came. */
function virtual(options: SseServerOptions, credit = 1_000_000, authorization: Authorization = new Map()) {
  const clock = new VirtualTimeScheduler();
  const all: Listening[] = [];
  const heard = { text: '', parts: [] as string[], kinds: [] as string[], grant: (_: number): void => {} };
  const headers = headersOf({ ':method': 'GET', ':path': '/' });
  const binding = sseServer(options, clock)(lawfulSse(listening(all)));
  const initial = new Observable<Frame<Http['initial']>>((out) =>
    out.next(begin({ headers, authorization }, () => {})),
  );
  const subscription = binding(initial)
    .pipe(lawful('http reply'))
    .subscribe((frame) => {
      heard.kinds.push(frame.kind);
      if (frame.kind === 'begin') {
        heard.grant = (more) => frame.control(window(more));
        if (credit > 0) heard.grant(credit);
      }
      if (frame.kind === 'data') {
        heard.parts.push(Buffer.from(frame.payload).toString());
        heard.text += heard.parts.at(-1);
      }
    });
  const run = (ms: number): void => {
    clock.maxFrames = clock.frame + ms;
    clock.flush();
    clock.frame = clock.maxFrames;
  };
  run(0);
  return { run, client: all[0] as Listening, heard, subscription };
}

describe('sse server', () => {
  it('opens a stream with the path, the headers and the last event id of a client', async () => {
    const all: Listening[] = [];
    const server = await serving(all);
    const plain = await listen(server.port);
    const again = await listen(
      server.port,
      'Last-Event-ID: 7 \u00e9\u20ac\r\nAccept: a/b\r\nAccept: c/d, text/event-stream;q=0.5\r\n',
    );
    await until(() => all.length === 2 && all.every(({ begin }) => begin !== undefined));

    expect(all.map(({ begin }) => [begin?.path, begin?.lastEventId])).toEqual([
      ['/news/today', undefined],
      ['/news/today', '7 \u00e9\u20ac'],
    ]);
    expect(all[0]?.begin?.headers).toContainEqual({ name: ':path', value: '/news/today?a=b' });
    plain.socket.destroy();
    again.socket.destroy();
    const asked = curl('-N', `http://127.0.0.1:${server.port}/q?lastEventId=a%2Fb`);
    await until(() => all[2]?.begin !== undefined);
    all[2]?.put(end());
    await asked;
    expect(all[2]?.begin?.lastEventId).toBe('a/b');
    await server.stop();
  });

  it('sends events as they come, and the end', async () => {
    const all: Listening[] = [];
    const server = await serving(all);
    const answer = curl('-N', '-D', '-', `http://127.0.0.1:${server.port}/`);
    await until(() => all.length === 1);
    all[0]?.send('one', '1');
    all[0]?.put(flush<SseProgress>({ mark: 'progress', id: '2' }));
    all[0]?.put(events([{ id: '3', body: body('k', 'delete') }]));
    all[0]?.put(end());

    const [head, ...rest] = (await answer).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1.1 200 OK\r\ncontent-type: text\/event-stream\r\ncache-control: no-cache\r\n/);
    expect(rest.join('')).toMatch(/^retry:\d+\n\nid:1\ndata:one\n\nid:2\n\nid:3\nevent:delete\ndata:k\n\n$/);
    await server.stop();
  });

  it('spreads over half of the time again when clients come back', () => {
    const times = Array.from({ length: 200 }, () => {
      const { run, heard, subscription } = virtual({ retry: 1_000 });
      run(1);
      subscription.unsubscribe();
      return Number(/^retry:(\d+)\n\n$/.exec(heard.text)?.[1]);
    });

    expect(Math.min(...times)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...times)).toBeLessThanOrEqual(1_500);
    expect(new Set(times).size).toBeGreaterThan(50);
  });

  it('sends what comes in one turn in one write', () => {
    const { run, client, heard, subscription } = virtual({});
    run(1);
    for (let number = 0; number < 100; number += 1) client.send(`${number}`);
    run(1);

    expect(heard.parts).toHaveLength(2);
    expect(heard.parts[1]?.match(/data:/g)).toHaveLength(100);
    subscription.unsubscribe();
  });

  it('shares one buffer between clients where it leaves alone', () => {
    const run = events([{ body: body('x') }]);
    const { client, heard, run: pass, subscription } = virtual({});
    pass(1);
    client.put(run);
    pass(1);

    expect(heard.parts.at(-1)).toBe('data:x\n\n');
    subscription.unsubscribe();
  });

  it('sends nothing to a client that takes nothing, and no more than its window waits', () => {
    const { run, client, heard, subscription } = virtual({ window: 100 }, 0);
    run(1);
    for (let number = 0; number < 50; number += 1) client.send('0123456789');
    run(100_000);
    expect(heard.text).toBe('');
    expect(client.balance).toBeLessThanOrEqual(0);
    const waiting = client.balance;
    heard.grant(40);
    run(1);
    expect(heard.text).toHaveLength(40);
    expect(client.balance).toBeLessThanOrEqual(waiting + 40);
    heard.grant(10_000);
    run(1);

    expect(heard.text.match(/data:0123456789\n\n/g)).toHaveLength(50);
    subscription.unsubscribe();
  });

  it('keeps only the last of progress that waits', () => {
    const { run, client, heard, subscription } = virtual({}, 0);
    run(1);
    client.send('one');
    for (const id of ['1', '2', '3']) client.put(flush<SseProgress>({ mark: 'progress', id }));
    client.send('two');
    run(1);
    heard.grant(1_000);
    run(1);

    expect(heard.text).toMatch(/\n\ndata:one\n\nid:3\n\ndata:two\n\n$/);
    subscription.unsubscribe();
  });

  it('sends a comment to a client that is sent nothing else', () => {
    const { run, client, heard, subscription } = virtual({ heartbeat: 1_000 });
    run(2_500);
    expect(heard.text.match(/^:$/gm)).toHaveLength(2);
    client.send('x');
    run(1_000);
    expect(heard.text.match(/^:$/gm)).toHaveLength(2);
    run(1_000);

    expect(heard.text.match(/^:$/gm)).toHaveLength(3);
    subscription.unsubscribe();
  });

  it('frees the stream of a client that left, with a word or without', async () => {
    const all: Listening[] = [];
    const server = await serving(all, { heartbeat: 20 });
    for (const leave of ['destroy', 'end', 'resetAndDestroy'] as const) {
      const { socket } = await listen(server.port);
      await until(() => all.at(-1)?.begin !== undefined && all.at(-1)?.left === false);
      socket[leave]();
      await until(() => all.at(-1)?.left === true);
      socket.destroy();
    }
    await server.stop();
  });

  it('closes a client that takes no byte for the write time-out', async () => {
    const all: Listening[] = [];
    const server = await servingHttp(sseServer()(lawfulSse(listening(all))), { writeTimeout: 100 });
    const heard = await listen(server.port);
    await until(() => heard.text.includes('retry'));
    heard.socket.pause();
    const large = 'x'.repeat(100_000);
    for (let count = 0; count < 200; count += 1) all[0]?.send(large);
    await until(() => all[0]?.left === true);
    heard.socket.destroy();
    await server.stop();
  });

  it.each([
    ['another method', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n', /^HTTP\/1.1 405 [\s\S]*allow: GET, HEAD/],
    ['another form', 'GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n', /^HTTP\/1.1 406 /],
    ['what it has', 'GET / HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream;q=0, x/y\r\n', /^HTTP\/1.1 406 /],
  ])('refuses %s', async (_name, request, expected) => {
    const all: Listening[] = [];
    const server = await serving(all);

    expect(await exchanged(server.port, `${request}Connection: close\r\n\r\n`)).toMatch(expected);
    expect(all).toEqual([]);
    await server.stop();
  });

  it('answers HEAD without opening a stream for long', async () => {
    const all: Listening[] = [];
    const server = await serving(all);
    const answer = await exchanged(server.port, 'HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');

    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\ncontent-type: text\/event-stream\r\n/);
    await until(() => all.every(({ left }) => left));
    await server.stop();
  });

  it('answers a stream that is refused with its status', async () => {
    const exit: Binding<Sse> = () => of(abort({ code: 'HTTP_NOT_FOUND', message: '' }));
    const server = await servingHttp(sseServer()(lawfulSse(exit)));

    expect(await exchanged(server.port, `${GET}Connection: close\r\n\r\n`)).toMatch(/^HTTP\/1.1 404 /);
    await server.stop();
  });

  it('sends a challenge before what a client showed expires, again when it has shown something new, and costs nobody credit', () => {
    const renewed = new Subject<Identity>();
    const known: Identity = { identity: 'a', roles: [], attributes: {}, expires: 30_000, challenge: 10_000 };
    const authorization = new Map([
      ['g', { ...known, renewal: { id: 'id-1', renewed } }],
      ['h', { identity: 'b', roles: [], attributes: {}, expires: 5_000 }],
    ]);
    const { run, client, heard, subscription } = virtual({ heartbeat: 60_000, window: 100 }, 1_000_000, authorization);
    const challenge =
      'event:challenge\ndata:{"method":"POST","headers":{"content-type":"application/x-challenge-response","challenge-id":"id-1"}}\n\n';
    const balance = client.balance;
    run(19_999);
    expect(heard.text).not.toContain('challenge');
    run(2);
    expect(heard.text.endsWith(`\n\n${challenge}`)).toBe(true);
    renewed.next({ ...known, expires: 90_000 });
    run(59_998);
    expect(heard.text.split(challenge)).toHaveLength(2);
    run(2);

    expect(heard.text.split(challenge)).toHaveLength(3);
    expect(client.balance).toBe(balance);
    subscription.unsubscribe();
  });

  it('ends the answer where what a client showed has expired', () => {
    const { run, client, heard } = virtual({});
    run(1);
    client.put(abort({ code: 'GUARD_EXPIRED', message: '' }));
    run(1);

    expect(heard.kinds.at(-1)).toBe('end');
  });

  it('breaks the answer off when the stream fails', async () => {
    const all: Listening[] = [];
    const server = await serving(all);
    const answer = curl('-N', `http://127.0.0.1:${server.port}/`);
    await until(() => all.length === 1);
    all[0]?.send('one');
    await new Promise((resolve) => setTimeout(resolve, 20));
    all[0]?.put(abort({ code: 'KAFKA_ERROR', message: '' }));

    await expect(answer).rejects.toThrow(/curl: \((18|56)\)/);
    await server.stop();
  });
});
