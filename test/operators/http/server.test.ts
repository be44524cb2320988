import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { concat, EMPTY, filter, map, NEVER, Observable, of, Subject, switchMap, take, throwError } from 'rxjs';
import { type HttpServerOptions, httpServer } from '../../../operators/http/server.ts';
import { tlsServer } from '../../../operators/tls/server.ts';
import { window } from '../../../src/control.ts';
import { abort, begin, type Frame } from '../../../src/frame.ts';
import { filesystemVault } from '../../../src/net/filesystem-vault.ts';
import { type Http, headerOf, headersOf } from '../../../src/protocol/http.ts';
import type { Binding } from '../../../src/protocol.ts';
import { Certificates } from '../../src/net/certificates.ts';
import {
  type Asked,
  answering,
  asking,
  curl,
  echoing,
  exchanged,
  remains,
  saying,
  servingHttp,
} from '../../src/net/http-peers.ts';
import { closed, connected, received, serving, settled, until } from '../../src/net/peers.ts';

const GET = 'GET /a?b=c HTTP/1.1\r\nHost: x\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: x\r\n';
const LAST = 'Connection: close\r\n';

const status = (answer: string): string => answer.split('\r\n', 1)[0]?.split(' ')[1] ?? '';

/** Every status line in what came back. */
const statuses = (answer: string): string[] => [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) => code ?? '');

/** How a connection of HTTP/2 begins, a frame of it, and the headers of `POST http://x/`. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const h2Frame = (type: number, flags: number, stream: number, payload: readonly number[] | Buffer): Buffer =>
  Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream, ...payload]);
const POST_HPACK = [0x83, 0x86, 0x84, 0x01, 0x01, 0x78];

async function withHttp2<T>(port: number, use: (session: ClientHttp2Session) => Promise<T>): Promise<T> {
  const session = connectHttp2(`http://127.0.0.1:${port}`).on('error', () => {});
  try {
    return await use(session);
  } finally {
    session.destroy();
  }
}

describe('http server', () => {
  it('begins a stream with the headers of a request, in order and repeats kept', async () => {
    const asked: Asked[] = [];
    const server = await servingHttp(asking(asked));
    const peer = await connected(server.port);
    peer.write(`${GET}X-One: 1\r\nx-two: 2\r\nX-One: 3\r\nConnection: keep-alive\r\n\r\n`);
    await until(() => asked[0]?.last === 'end');

    expect(asked[0]?.opening?.ext.headers).toEqual([
      { name: ':method', value: 'GET' },
      { name: ':scheme', value: 'http' },
      { name: ':authority', value: 'x' },
      { name: ':path', value: '/a?b=c' },
      { name: 'x-one', value: '1' },
      { name: 'x-two', value: '2' },
      { name: 'x-one', value: '3' },
    ]);
    peer.destroy();
    await until(() => asked[0]?.left === true);
    await server.stop();
  });

  it('takes the authority and the path of a request that names both', async () => {
    const asked: Asked[] = [];
    const server = await servingHttp(asking(asked));
    const peer = await connected(server.port);
    peer.write('GET http://y:81/z?q HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => asked.length === 1 && asked[0]?.opening !== undefined);

    expect([asked[0]?.header(':authority'), asked[0]?.header(':path')]).toEqual(['y:81', '/z?q']);
    peer.destroy();
    await server.stop();
  });

  it('answers, and serves the next request of the connection', async () => {
    const server = await servingHttp(saying('hello'));
    const answer = await exchanged(server.port, `${GET}\r\n${GET}${LAST}\r\n`);

    expect(statuses(answer)).toEqual(['200', '200']);
    expect(answer.match(/\r\n5\r\nhello\r\n0\r\n\r\n/g)).toHaveLength(2);
    await server.stop();
  });

  it('serves requests that come at once one after the other, in order', async () => {
    const asked: Asked[] = [];
    const server = await servingHttp(asking(asked));
    const peer = await connected(server.port);
    const answer = received(peer);
    for (let count = 1; count <= 3; count += 1) peer.write(`${GET}\r\n`);
    peer.write(`${GET}${LAST}\r\n`);
    for (let count = 1; count <= 4; count += 1) {
      await until(() => asked.length === count);
      asked[count - 1]?.send(`<${count}>`);
      asked[count - 1]?.end();
    }

    expect([...String(await answer).matchAll(/<(\d)>/g)].map(([, number]) => number)).toEqual(['1', '2', '3', '4']);
    await server.stop();
  });

  it('frames a long answer as it comes', async () => {
    const asked: Asked[] = [];
    const server = await servingHttp(asking(asked));
    const peer = await connected(server.port);
    const answer = received(peer);
    peer.write(`${GET}${LAST}\r\n`);
    await until(() => asked.length === 1);
    for (const text of ['one', 'two', 'x'.repeat(20)]) {
      asked[0]?.send(text);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    asked[0]?.end();

    expect(String(await answer)).toContain(`\r\n\r\n3\r\none\r\n3\r\ntwo\r\n14\r\n${'x'.repeat(20)}\r\n0\r\n\r\n`);
    await server.stop();
  });

  it('answers 1.0 without chunks, and closes', async () => {
    const server = await servingHttp(saying('hello'));
    const answer = await exchanged(server.port, 'GET / HTTP/1.0\r\n\r\n');

    expect(answer).toMatch(/\r\n\r\nhello$/);
    await server.stop();
  });

  it('is spoken to by curl, in 1.1 and in h2', async () => {
    const server = await servingHttp(echoing);
    const url = `http://127.0.0.1:${server.port}/`;

    expect(await curl('-d', 'one', url)).toBe('one');
    expect(await curl('--http2-prior-knowledge', '-d', 'two', '-w', ' %{http_version}', url)).toBe('two 2');
    await server.stop();
  });

  it('agrees with a client over tls on a version, and knows that it is https', async () => {
    const made = new Certificates();
    made.self('server', ['localhost']);
    made.join('keys.pem', 'server.key', 'server.pem');
    const vault = filesystemVault({ keys: { type: 'pem', store: 'keys.pem' } }, made.directory);
    const scheme = answering((headers) => [{ ':status': '200' }, String(headers[1]?.value)]);
    const alpn = ['h2', 'http/1.1'];
    const server = await serving(tlsServer({ vault, keys: ['server'], alpn })(httpServer()(scheme)));
    const ask = (...args: string[]): Promise<string> =>
      curl('-k', '-w', ' %{http_version}', ...args, `https://127.0.0.1:${server.port}/`);

    expect(await ask('--http2')).toBe('https 2');
    expect(await ask('--http1.1')).toBe('https 1.1');
    expect(await ask('--no-alpn')).toBe('https 1.1');
    await server.stop();
    made.remove();
  });

  it('speaks only the versions that it is told to', async () => {
    const one = await servingHttp(saying('one'), { versions: ['http/1.1'] });
    const two = await servingHttp(saying('two'), { versions: ['h2'] });

    expect(status(await exchanged(one.port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))).toBe('400');
    await expect(curl(`http://127.0.0.1:${two.port}/`)).rejects.toThrow();
    expect(await curl('--http2-prior-knowledge', `http://127.0.0.1:${two.port}/`)).toBe('two');
    await one.stop();
    await two.stop();
  });

  it('answers HEAD without a body, and resets what would be one', async () => {
    const asked: Asked[] = [];
    const server = await servingHttp(asking(asked, { ':status': '200', 'content-length': '5' }));
    const peer = await connected(server.port);
    const answer = received(peer);
    peer.write(`HEAD / HTTP/1.1\r\nHost: x\r\n\r\n`);
    await until(() => asked[0]?.left === true);
    peer.end();

    expect(String(await answer)).toMatch(/^HTTP\/1.1 200 OK\r\ncontent-length: 5\r\n[\s\S]*\r\n\r\n$/);
    await server.stop();
  });

  it.each([
    [{ code: 'ROUTE_NONE', message: '' }, '404'],
    [{ code: 'KAFKA_ERROR', message: 'secret' }, '503'],
    [{ code: 'X', message: '', status: 409, headers: headersOf({ 'x-why': 'because' }) }, '409'],
    [undefined, '500'],
  ])('answers the fault %j with %s, and says no more of it', async (fault, expected) => {
    const server = await servingHttp(() => of({ kind: 'abort', ext: fault }));
    const answer = await exchanged(server.port, `${GET}${LAST}\r\n`);

    expect(status(answer)).toBe(expected);
    expect(answer).not.toContain('secret');
    expect(answer.includes('x-why: because')).toBe(expected === '409');
    await server.stop();
  });

  it('breaks an answer off when it fails in the middle', async () => {
    const asked: Asked[] = [];
    const server = await servingHttp(asking(asked));
    const peer = await connected(server.port);
    const answer = remains(peer);
    peer.write(`${GET}\r\n`);
    await until(() => asked.length === 1);
    asked[0]?.send('half');
    asked[0]?.abort();
    expect(await answer).not.toContain('0\r\n\r\n');

    expect(
      await withHttp2(server.port, async (session) => {
        const stream = session.request({ ':path': '/' }).resume();
        const gone = closed(stream);
        await until(() => asked.length === 2);
        asked[1]?.send('half');
        asked[1]?.abort();
        await gone;
        return stream.rstCode;
      }),
    ).toBe(2);
    await server.stop();
  });

  it('breaks off an answer of another length than it announced', async () => {
    for (const text of ['four', 'sixsix']) {
      const asked: Asked[] = [];
      const server = await servingHttp(asking(asked, { ':status': '200', 'content-length': '5' }));
      const peer = await connected(server.port);
      const answer = remains(peer);
      peer.write(`${GET}\r\n`);
      await until(() => asked.length === 1);
      asked[0]?.send(text);
      asked[0]?.end();
      expect((await answer).split('\r\n\r\n')[1]).not.toHaveLength(5);
      peer.destroy();
      await server.stop();
    }
  });

  it('answers a defect of the exit with 500, reports it, and serves on', async () => {
    let broken = true;
    const server = await servingHttp((initial) =>
      broken ? throwError(() => new Error('bug')) : saying('well')(initial),
    );

    expect(status(await exchanged(server.port, `${GET}${LAST}\r\n`))).toBe('500');
    expect(server.defects).toEqual([new Error('bug')]);
    broken = false;
    expect(status(await exchanged(server.port, `${GET}${LAST}\r\n`))).toBe('200');
    await server.stop();
  });

  it('answers 502 where an answer has a header that none can have', async () => {
    const server = await servingHttp(saying('x', { 'x-evil': 'a\r\nset-cookie: b' }));
    const answer = await exchanged(server.port, `${GET}${LAST}\r\n`);

    expect(status(answer)).toBe('502');
    expect(answer).not.toContain('set-cookie');
    expect(await curl('--http2-prior-knowledge', '-w', '%{http_code}', `http://127.0.0.1:${server.port}/`)).toBe('502');
    await server.stop();
  });

  it.each<[string, Record<string, string>]>([
    ['of an answer to come', { ':status': '103' }],
    ['that is no number', { ':status': '200.5' }],
    ['with a length that is none', { 'content-length': 'abc' }],
  ])('answers 502 in place of a status %s', async (_name, headers) => {
    const server = await servingHttp(saying('x', headers));

    expect(statuses(await exchanged(server.port, `${GET}${LAST}\r\n`))).toEqual(['502']);
    expect(await curl('--http2-prior-knowledge', '-w', '%{http_code}', `http://127.0.0.1:${server.port}/`)).toBe('502');
    await server.stop();
  });

  it('tells why it answers with a status from 500, or breaks an answer off', async () => {
    const told: unknown[] = [];
    const onFault = ({ code }: { readonly code: string }): void => void told.push(code);
    const cases: [string, Binding<Http>][] = [
      ['HTTP_BAD_REPLY', saying('x', { 'x-evil': 'a\r\nb' })],
      ['HTTP_BAD_REPLY', saying('x', { 'content-length': '2' })],
      ['HTTP_BAD_REPLY', saying('xy', { 'content-length': '1' })],
      ['HTTP_UNAVAILABLE', () => EMPTY],
      ['KAFKA_ERROR', () => of(abort({ code: 'KAFKA_ERROR', message: '' }))],
      [
        'KAFKA_ERROR',
        (initial) =>
          concat(
            echoing(initial).pipe(filter(({ kind }) => kind !== 'end')),
            of(abort({ code: 'KAFKA_ERROR', message: '' })),
          ),
      ],
    ];
    for (const [code, exit] of cases) {
      const server = await servingHttp(exit, { onFault });
      const peer = await connected(server.port);
      peer.write(`${GET}${LAST}\r\n`);
      await remains(peer);
      expect(told.splice(0)).toEqual([code]);
      await server.stop();
    }
    const quiet = await servingHttp(() => of(abort({ code: 'ROUTE_NONE', message: '' })), { onFault });
    await exchanged(quiet.port, `${GET}${LAST}\r\n`);
    expect(told).toEqual([]);
    await quiet.stop();
  });

  it('says nothing of what it does not send', async () => {
    const server = await servingHttp(saying('', { ':status': '204', 'content-length': '5', trailer: 'x-a' }));

    expect(await exchanged(server.port, `${GET}${LAST}\r\n`)).not.toMatch(/content-length|trailer/);
    await server.stop();
  });

  it('takes OPTIONS for all that it has', async () => {
    const server = await servingHttp(answering((headers) => [{ ':status': '200' }, headerOf(headers, ':path') ?? '']));

    expect(await exchanged(server.port, `OPTIONS * HTTP/1.0\r\n\r\n`)).toMatch(/\r\n\r\n\*$/);
    await server.stop();
  });

  it('sends a header whatever its name, in h2', async () => {
    const server = await servingHttp(saying('x', { constructor: 'a' }));
    const answer = await curl('--http2-prior-knowledge', '-D', '-', `http://127.0.0.1:${server.port}/`);

    expect(answer.match(/constructor: .*/g)).toEqual(['constructor: a']);
    await server.stop();
  });

  it('reads a body only as its receiver grants', async () => {
    const asked: Asked[] = [];
    const server = await servingHttp(asking(asked), { window: 4_096 });
    const peer = await connected(server.port);
    peer.write(`${POST}Content-Length: 50000000\r\n\r\n`);
    const body = Buffer.alloc(50_000_000, 'b');
    peer.write(body);
    await until(() => asked[0]?.opening !== undefined);
    const waiting = await settled(() => peer.writableLength);

    expect(waiting).toBeGreaterThan(30_000_000);
    expect(asked[0]?.body.byteLength).toBe(0);
    asked[0]?.grant(10);
    await until(() => asked[0]?.body.byteLength === 10);
    asked[0]?.grant(50_000_000);
    await until(() => asked[0]?.last === 'end');
    expect(asked[0]?.body.equals(body)).toBe(true);
    peer.destroy();
    await server.stop();
  });

  it('returns the credit of an answer as its client takes it, in 1.1 and h2', async () => {
    const asked: Asked[] = [];
    const server = await servingHttp(asking(asked), { window: 10_000 });
    const peer = await connected(server.port);
    peer.pause().write(`${GET}\r\n`);
    await until(() => asked.length === 1);
    asked[0]?.send(Buffer.alloc(50_000_000));
    const taken = await settled(() => asked[0]?.balance ?? 0);
    expect(taken).toBe(0);
    let bytes = 0;
    peer.on('data', (chunk) => {
      bytes += chunk.byteLength;
    });
    peer.resume();
    await until(() => bytes > 50_000_000);
    peer.destroy();

    await withHttp2(server.port, async (session) => {
      const stream = session.request({ ':path': '/' }).on('error', () => {});
      await until(() => asked.length === 2);
      asked[1]?.send(Buffer.alloc(5_000_000));
      await settled(() => bytes);
      bytes = 0;
      stream.on('data', (chunk) => {
        bytes += chunk.byteLength;
      });
      await until(() => bytes === 5_000_000);
    });
    await server.stop();
  });

  it('lets a client go on only once its body is wanted', async () => {
    const frames: Frame<Http['initial']>[] = [];
    const server = await servingHttp(
      (initial) => new Observable((out) => out.add(initial.subscribe((frame) => frames.push(frame)))),
    );
    const peer = await connected(server.port);
    let answer = '';
    peer.on('data', (chunk) => {
      answer += chunk;
    });
    peer.write(`${POST}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n`);
    await until(() => frames.length === 1);
    expect(answer).toBe('');
    if (frames[0]?.kind === 'begin') frames[0].control(window(100));
    await until(() => answer !== '');
    peer.write('body');
    await until(() => frames.at(-1)?.kind === 'end');

    expect(answer).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    peer.destroy();
    await server.stop();
  });

  it('asks for no body behind the headers of its answer, nor of a client that speaks 1.0', async () => {
    for (const version of ['1.0', '1.1']) {
      const asked: Asked[] = [];
      const server = await servingHttp(asking(asked));
      const peer = await connected(server.port);
      let answer = '';
      peer.on('data', (chunk) => {
        answer += chunk;
      });
      peer.write(`POST / HTTP/${version}\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n`);
      await until(() => asked[0]?.opening !== undefined);
      asked[0]?.send('one');
      await until(() => answer.includes('one'));
      asked[0]?.grant(100);
      peer.write('body');
      await until(() => asked[0]?.last === 'end');
      asked[0]?.send('two');
      await until(() => answer.includes('two'));

      expect(statuses(answer)).toEqual(['200']);
      peer.destroy();
      await server.stop();
    }
  });

  it.each([
    ['nonsense', 'nonsense\r\n\r\n'],
    ['a broken body', `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
    ['CONNECT', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('answers what came before %s, and no more', async (_name, behind) => {
    const answer = new Subject<void>();
    const asked: Asked[] = [];
    const server = await servingHttp((initial) =>
      answer.pipe(
        take(1),
        switchMap(() => asking(asked)(initial)),
      ),
    );
    const peer = await connected(server.port);
    const got = remains(peer);
    peer.write(`${GET}\r\n${behind}`);
    await until(() => answer.observed);
    await settled(() => peer.bytesRead);
    answer.next();
    await until(() => asked.length === 1);
    asked[0]?.send('hello');
    asked[0]?.end();

    expect(statuses(await got)).toEqual(['200']);
    peer.destroy();
    await server.stop();
  });

  it('lets go of a request whose client leaves behind nonsense', async () => {
    const asked = new Subject<never>();
    const server = await servingHttp(() => asked);
    const peer = await connected(server.port);
    peer.write(`${GET}\r\nnonsense\r\n\r\n`);
    await until(() => asked.observed);
    await settled(() => peer.bytesRead);
    peer.end();
    await until(() => !asked.observed);
    peer.destroy();
    await server.stop();
  });

  it('runs no request behind the last one that it answers', async () => {
    const paths: unknown[] = [];
    const server = await servingHttp((initial) =>
      initial.pipe(
        filter((frame) => frame.kind === 'begin'),
        map(({ ext }) => {
          paths.push(headerOf(ext.headers, ':path'));
          return abort({ code: 'ROUTE_NONE', message: '' });
        }),
      ),
    );

    const unread = 'POST /one HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody';
    expect(statuses(await exchanged(server.port, `${unread}${GET}\r\n`))).toEqual(['404']);
    expect(statuses(await exchanged(server.port, `${POST}Expect: miracles\r\n\r\n${GET}\r\n`))).toEqual(['417']);
    expect(paths).toEqual(['/one']);
    await server.stop();
  });

  it('is no proxy for h2 either', async () => {
    const asked: Asked[] = [];
    const server = await servingHttp(asking(asked));
    await withHttp2(server.port, async (session) => {
      const stream = session.request({ ':method': 'CONNECT', ':authority': 'y:80' });
      const [headers] = await once(stream, 'response');
      expect(headers[':status']).toBe(405);
      const other = session.request({ ':authority': 'user@x' });
      expect((await once(other, 'response'))[0][':status']).toBe(400);
    });

    expect(asked).toEqual([]);
    await server.stop();
  });

  it('refuses a body that is not wanted without asking for it', async () => {
    const server = await servingHttp(() => of({ kind: 'abort', ext: { code: 'ROUTE_NONE', message: '' } }));
    const answer = await exchanged(server.port, `${POST}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n`);

    expect(statuses(answer)).toEqual(['404']);
    await server.stop();
  });

  it.each<[string, string, string, HttpServerOptions]>([
    ['what is not http', 'hello\r\n\r\n', '400', {}],
    ['a request without a host', 'GET / HTTP/1.1\r\n\r\n', '400', {}],
    ['two hosts', `${GET}Host: y\r\n\r\n`, '400', {}],
    ['a host that is none', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', '400', {}],
    ['a host with a user', 'GET http://user:secret@x/ HTTP/1.1\r\nHost: x\r\n\r\n', '400', {}],
    ['a scheme that is not served', 'GET ftp://x/a HTTP/1.1\r\nHost: x\r\n\r\n', '400', {}],
    ['no path', 'GET * HTTP/1.1\r\nHost: x\r\n\r\n', '400', {}],
    ['a version that is none', 'GET / HTTP/2.0\r\nHost: x\r\n\r\n', '505', {}],
    ['no version', 'GET /\r\n\r\n', '505', {}],
    ['two lengths', `${POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, '400', {}],
    ['a length and chunks', `${POST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, '400', {}],
    ['a coding that is not undone', `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, '501', {}],
    ['a chunk that is none', `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, '400', {}],
    ['headers that are too long', `${GET}x: ${'y'.repeat(20_000)}\r\n\r\n`, '431', {}],
    ['a path that is too long', `GET /${'y'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, '431', {}],
    ['a body that is too long', `${POST}Content-Length: 9\r\n\r\n123456789`, '413', { maxBody: 8 }],
    ['chunks that are too long', `${POST}Transfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n`, '413', { maxBody: 8 }],
    ['another expectation', `${POST}Content-Length: 4\r\nExpect: miracles\r\n\r\n`, '417', {}],
    ['CONNECT', 'CONNECT y:80 HTTP/1.1\r\nHost: y:80\r\n\r\n', '405', {}],
    ['headers that do not end', 'GET / HTTP/1.1\r\nHo', '408', { headersTimeout: 30 }],
    ['a body that does not end', `${POST}Content-Length: 9\r\n\r\n1234`, '408', { bodyTimeout: 30 }],
  ])('answers %s with its status for all pages to see, and closes', async (_name, request, expected, options) => {
    const asked: Asked[] = [];
    const granting = asking(asked);
    const server = await servingHttp(
      (initial) =>
        new Observable((out) => {
          out.add(granting(initial).subscribe({ next: () => {} }));
          asked.at(-1)?.grant(1_000);
        }),
      { accessControl: { policy: 'cross-origin' }, ...options },
    );

    const answer = await exchanged(server.port, request);
    expect(status(answer)).toBe(expected);
    expect(answer).toContain('\r\naccess-control-allow-origin: *\r\n');
    await until(() => asked.every(({ left }) => left));
    await server.stop();
  });

  it('refuses a length that is too long before the body is sent', async () => {
    const asked: Asked[] = [];
    const server = await servingHttp(asking(asked), { maxBody: 8 });
    const answer = await exchanged(server.port, `${POST}Content-Length: 9\r\n\r\n`);

    expect(status(answer)).toBe('413');
    expect(asked).toEqual([]);
    await server.stop();
  });

  it('closes a connection that asks for nothing', async () => {
    const server = await servingHttp(saying('x'), { headersTimeout: 30, idleTimeout: 30 });
    const silent = await connected(server.port);
    expect((await received(silent)).byteLength).toBe(0);
    const kept = await connected(server.port);
    kept.write(`${GET}\r\n`);

    expect(statuses(String(await received(kept)))).toEqual(['200']);
    await server.stop();
  });

  it('does not hurry a client whose body waits for credit', async () => {
    const asked: Asked[] = [];
    const server = await servingHttp(asking(asked), { bodyTimeout: 30 });
    const peer = await connected(server.port);
    peer.write(`${POST}Content-Length: 4\r\n\r\n`);
    await until(() => asked[0]?.opening !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    peer.write('body');
    asked[0]?.grant(100);
    await until(() => asked[0]?.last === 'end');

    expect(String(asked[0]?.body)).toBe('body');
    peer.destroy();
    await server.stop();
  });

  it('cuts off a client that takes nothing, in 1.1 and h2', async () => {
    const asked: Asked[] = [];
    const told: string[] = [];
    const server = await servingHttp(asking(asked), { writeTimeout: 50, onFault: ({ code }) => void told.push(code) });
    const peer = await connected(server.port);
    peer.pause().write(`${GET}\r\n`);
    await until(() => asked.length === 1);
    asked[0]?.send(Buffer.alloc(50_000_000));
    await until(() => asked[0]?.left === true);
    peer.destroy();

    await withHttp2(server.port, async (session) => {
      const stream = session.request({ ':path': '/' });
      const gone = closed(stream);
      await until(() => asked.length === 2);
      asked[1]?.send(Buffer.alloc(5_000_000));
      await until(() => asked[1]?.left === true);
      await gone;
      expect(stream.rstCode).toBe(2);
    });
    expect(told).toEqual(['HTTP_WRITE_TIMEOUT', 'HTTP_WRITE_TIMEOUT']);
    await server.stop();
  });

  it('tells the exit that a client has left, and frees the stream', async () => {
    const asked: Asked[] = [];
    const server = await servingHttp(asking(asked));
    for (const leave of ['destroy', 'end', 'resetAndDestroy'] as const) {
      const peer = await connected(server.port);
      peer.write(`${POST}Content-Length: 4\r\n\r\n12`);
      await until(() => asked.at(-1)?.opening !== undefined && asked.at(-1)?.left === false);
      peer[leave]();
      await until(() => asked.at(-1)?.left === true);
      expect(asked.at(-1)?.fault?.code).toMatch(/^NET_/);
      peer.destroy();
    }
    await withHttp2(server.port, async (session) => {
      const stream = session.request({ ':path': '/', ':method': 'POST' }).on('error', () => {});
      await until(() => asked.length === 4 && asked[3]?.opening !== undefined);
      stream.close(8);
      await until(() => asked[3]?.left === true);
    });
    await server.stop();
  });

  it.each(['destroy', 'end'] as const)(
    'tells the exit that a client has left whose body it holds back: %s',
    async (leave) => {
      const asked: Asked[] = [];
      const server = await servingHttp(asking(asked));
      for (const size of [10, 20_000, 100_000]) {
        const peer = await connected(server.port);
        peer.write(`${POST}Content-Length: 1000000\r\n\r\n`);
        peer.write(Buffer.alloc(size), () => peer[leave]());
        await until(() => asked.at(-1)?.opening !== undefined && asked.at(-1)?.body.length === 0);
        await until(() => asked.at(-1)?.left === true);
        expect(asked.at(-1)?.body.length).toBe(0);
        peer.destroy();
      }
      await server.stop();
    },
  );

  it.each([
    ['granted', 100],
    ['held back', 2],
  ])('takes no body of h2 for whole that its client resets while it is %s', async (_, credit) => {
    for (const code of [0, 2, 8]) {
      const asked: Asked[] = [];
      const server = await servingHttp(asking(asked));
      const peer = await connected(server.port);
      // The client of node ends a body before it resets the stream.
      peer.resume().write(Buffer.concat([PREFACE, h2Frame(4, 0, 0, []), h2Frame(1, 4, 1, POST_HPACK)]));
      await until(() => asked[0]?.opening !== undefined);
      peer.write(h2Frame(0, 0, 1, Buffer.from('half')));
      asked[0]?.grant(credit);
      await until(() => asked[0]?.last === 'data');
      peer.write(h2Frame(3, 0, 1, [0, 0, 0, code]));
      await until(() => asked[0]?.left === true);

      expect(asked[0]?.last).toBe('abort');
      peer.destroy();
      await server.stop();
    }
  });

  it('serves many streams of one h2 connection, each by itself', async () => {
    const server = await servingHttp(echoing);
    const bodies = await withHttp2(server.port, (session) =>
      Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const stream = session.request({ ':path': '/', ':method': 'POST' });
          stream.end(`body ${index} `.repeat(10_000));
          return String(await received(stream));
        }),
      ),
    );

    expect(bodies).toEqual(Array.from({ length: 50 }, (_, index) => `body ${index} `.repeat(10_000)));
    await server.stop();
  });

  it('carries a large body both ways', async () => {
    const server = await servingHttp(echoing);
    const sent = Buffer.alloc(20_000_000, 'sluice');
    for (const version of ['1.1', '2']) {
      const peer =
        version === '2'
          ? connectHttp2(`http://127.0.0.1:${server.port}`, { maxSessionMemory: 100 })
          : await connected(server.port);
      if ('request' in peer) {
        const stream = peer.request({ ':path': '/', ':method': 'POST' });
        stream.end(sent);
        expect((await received(stream)).equals(sent)).toBe(true);
      } else {
        const answer = received(peer);
        peer.write(`POST / HTTP/1.0\r\nContent-Length: ${sent.byteLength}\r\n\r\n`);
        peer.write(sent);
        const whole = await answer;
        expect(whole.subarray(whole.indexOf('\r\n\r\n') + 4).equals(sent)).toBe(true);
      }
      peer.destroy();
    }
    await server.stop();
  });

  it('leaves no answer hanging when it stops', async () => {
    const server = await servingHttp(() =>
      concat(of(begin({ headers: headersOf({ ':status': '200' }) }, () => {})), NEVER),
    );
    const peer = await connected(server.port);
    peer.write(`${GET}\r\n`);
    await once(peer, 'data');
    const gone = closed(peer.resume());
    await server.stop();

    await gone;
  });
});
