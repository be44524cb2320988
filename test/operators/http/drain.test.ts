import { connect as connectHttp2 } from 'node:http2';
import { Observable } from 'rxjs';
import { httpServer } from '../../../operators/http/server.ts';
import { sseServer } from '../../../operators/sse/server.ts';
import { tcpServer } from '../../../operators/tcp/server.ts';
import { emitter } from '../../../src/emitter.ts';
import type { Http } from '../../../src/protocol/http.ts';
import type { Sse } from '../../../src/protocol/sse.ts';
import { events, SseBody } from '../../../src/protocol/sse-events.ts';
import type { Binding, Protocol } from '../../../src/protocol.ts';
import { type Asked, asking, curl, lawfulExit, remains, saying } from '../../src/net/http-peers.ts';
import { connected, until } from '../../src/net/peers.ts';

/** A server that would wait for its connections for longer than a test may take. */
async function serving(exit: Binding<Http>) {
  const state = { closed: false };
  const { port, stop } = await new Promise<{ port: number; stop: () => void }>((resolve) => {
    const running = tcpServer({
      host: '127.0.0.1',
      port: 0,
      drain: 3_600_000,
      onListening: ([at]) => resolve({ port: at?.port ?? 0, stop: () => running.unsubscribe() }),
      onClosed: () => {
        state.closed = true;
      },
    })(httpServer()(lawfulExit(exit))).subscribe();
  });
  return { port, stop, state };
}

/** An exit that takes a stream once it is told to. */
const deferred =
  <P extends Protocol>(begin: (() => void)[], exit: Binding<P>): Binding<P> =>
  (initial) =>
    new Observable((out) => {
      begin.push(() => out.add(exit(initial).subscribe(out)));
    });

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('an http server that stops', () => {
  it('ends connections without a request, kept alive or new, at once', async () => {
    const { port, stop, state } = await serving(saying('hello'));
    const [kept, fresh, half] = [await connected(port), await connected(port), await connected(port)];
    const answers = Promise.all([kept, fresh, half].map(remains));
    kept.write(GET);
    half.write('GET / HT');
    await new Promise((resolve) => kept.once('data', resolve));
    stop();

    const [answer, ...others] = await answers;
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*hello/);
    expect(others).toEqual(['', '']);
    for (const socket of [kept, fresh, half]) socket.end();
    await until(() => state.closed);
  });

  it('finishes answers that are asked for, and says that they are the last', async () => {
    const begin: (() => void)[] = [];
    const { port, stop, state } = await serving(deferred(begin, saying('late')));
    const socket = await connected(port);
    const answer = remains(socket);
    socket.write(GET + GET);
    await until(() => begin.length === 1);
    stop();
    begin[0]?.();

    expect((await answer).toLowerCase()).toMatch(/connection: close\r\n[\s\S]*late\r\n0\r\n\r\n$/);
    expect(begin).toHaveLength(1);
    socket.end();
    await until(() => state.closed);
  });

  it('ends a connection behind the answer that was on its way', async () => {
    const asked: Asked[] = [];
    const { port, stop, state } = await serving(asking(asked));
    const socket = await connected(port);
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk;
    });
    const answer = remains(socket);
    socket.write(GET);
    await until(() => asked[0]?.opening !== undefined);
    asked[0]?.send('one');
    await until(() => heard.includes('one'));
    stop();
    asked[0]?.send('two');
    asked[0]?.end();

    expect(await answer).toMatch(/one\r\n3\r\ntwo\r\n0\r\n\r\n$/);
    socket.end();
    await until(() => state.closed);
  });

  it('lets the streams of an h2 connection finish, and takes no others', async () => {
    const asked: Asked[] = [];
    const { port, stop, state } = await serving(asking(asked));
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const idle = connectHttp2(`http://127.0.0.1:${port}`);
    const gone = new Promise((resolve) => session.once('goaway', resolve));
    const closed = [session, idle].map((one) => new Promise((resolve) => one.once('close', resolve)));
    await new Promise((resolve) => idle.once('remoteSettings', resolve));
    const stream = session.request({ ':path': '/' });
    let heard = '';
    stream.on('data', (chunk) => {
      heard += chunk;
    });
    const over = new Promise((resolve) => stream.once('end', resolve));
    await until(() => asked[0]?.opening !== undefined);
    stop();
    await gone;
    asked[0]?.send('late');
    asked[0]?.end();
    await over;
    await Promise.all(closed);

    expect(heard).toBe('late');
    await until(() => state.closed);
  });

  it('ends streams of events cleanly, so that their clients come back', async () => {
    const open = { count: 0 };
    const news: Binding<Sse> = () =>
      emitter<Sse['reply']>(undefined, (_wake, out) => {
        open.count += 1;
        out.add(() => {
          open.count -= 1;
        });
        const frames = [events([{ id: '1', body: new SseBody(Buffer.from('one')) }])];
        return { pull: (balance) => (balance > 0 ? frames.shift() : undefined) };
      });
    const { port, stop, state } = await serving(sseServer()(news));
    const answers = [[], ['--http2-prior-knowledge']].map((args) => curl('-N', ...args, `http://127.0.0.1:${port}/`));
    await until(() => open.count === 2);
    stop();

    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^retry:\d+\n\nid:1\ndata:one\n\n$/);
    expect(open.count).toBe(0);
    await until(() => state.closed);
  });

  it('ends a stream of events that has not begun as soon as it has', async () => {
    const begin: (() => void)[] = [];
    const silent: Binding<Sse> = () => emitter<Sse['reply']>(undefined, () => ({ pull: () => undefined }));
    const { port, stop, state } = await serving(sseServer()(deferred(begin, silent)));
    const answer = curl('-N', `http://127.0.0.1:${port}/`);
    await until(() => begin.length === 1);
    stop();
    begin[0]?.();

    expect(await answer).toMatch(/^retry:\d+\n\n$/);
    await until(() => state.closed);
  });
});
