import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FilesystemServerOptions, filesystemServer } from '../../../operators/filesystem/server.ts';
import { refusing, route } from '../../../operators/flow/route.ts';
import { httpMatches } from '../../../operators/http/matches.ts';
import { type HttpFilesystemProxyOptions, httpFilesystemProxy } from '../../../operators/http-filesystem/proxy.ts';
import { lawful } from '../../../src/lawful.ts';
import type { Filesystem } from '../../../src/protocol/filesystem.ts';
import { type Http, httpFault } from '../../../src/protocol/http.ts';
import type { Binding } from '../../../src/protocol.ts';
import { curl, exchanged, servingHttp } from '../../src/net/http-peers.ts';
import { connected, received, until } from '../../src/net/peers.ts';

let root: string;
let location: string;
const large = Buffer.alloc(3_000_000, 'large');

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-files-'));
  location = join(root, 'public');
  mkdirSync(join(location, 'sub'), { recursive: true });
  writeFileSync(join(root, 'secret.txt'), 'secret');
  writeFileSync(join(location, 'index.html'), '<p>home</p>');
  writeFileSync(join(location, 'sub', 'index.html'), '<p>sub</p>');
  writeFileSync(join(location, 'app.js'), 'x');
  writeFileSync(join(location, 'empty.txt'), '');
  writeFileSync(join(location, 'a b%c.txt'), 'odd name');
  writeFileSync(join(location, '.env'), 'secret');
  writeFileSync(join(location, 'large.bin'), large);
  symlinkSync(join(root, 'secret.txt'), join(location, 'out.txt'));
  symlinkSync(root, join(location, 'up'));
  symlinkSync('index.html', join(location, 'in.html'));
  execFileSync('mkfifo', [join(location, 'pipe')]);
});

afterAll(() => rmSync(root, { recursive: true }));

const lawfully =
  (exit: Binding<Filesystem>): Binding<Filesystem> =>
  (initial) =>
    initial.pipe(lawful('files initial'), exit, lawful('files reply'));

const serving = (options: HttpFilesystemProxyOptions = {}, files: Partial<FilesystemServerOptions> = {}) =>
  servingHttp(httpFilesystemProxy(options)(lawfully(filesystemServer({ location, ...files }))));

/** What a path is answered with. */
async function get(port: number, path: string, more = '', method = 'GET') {
  const answer = await exchanged(port, `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${more}\r\n`);
  const [head = '', ...rest] = answer.split('\r\n\r\n');
  const headers = Object.fromEntries(
    head.split('\r\n').map((line) => line.toLowerCase().split(': ') as [string, string]),
  );
  return { status: Number(head.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}

describe('files over http', () => {
  it('have a type, a length, an etag and a time', async () => {
    const server = await serving();
    const { status, headers, body } = await get(server.port, '/app.js?v=1');

    expect([status, body]).toEqual([200, 'x']);
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'content-length': '1',
      etag: expect.stringMatching(/^"[^"]+"$/),
      'last-modified': expect.stringMatching(/gmt$/),
      'x-content-type-options': 'nosniff',
    });
    await server.stop();
  });

  it('are found by the path of their directory, empty ones and odd names too', async () => {
    const server = await serving();

    expect((await get(server.port, '/')).body).toBe('<p>home</p>');
    expect((await get(server.port, '/sub/')).body).toBe('<p>sub</p>');
    expect((await get(server.port, '/sub')).status).toBe(404);
    expect(await get(server.port, '/empty.txt')).toMatchObject({ status: 200, body: '' });
    expect((await get(server.port, '/a%20b%25c.txt')).body).toBe('odd name');
    await server.stop();
  });

  it('are not sent again to a client that has them', async () => {
    const server = await serving();
    const { headers } = await get(server.port, '/app.js');
    const again = await get(server.port, '/app.js', `If-None-Match: "x", W/${headers.etag}\r\n`);

    expect(again).toMatchObject({ status: 304, body: '', headers: { etag: headers.etag } });
    expect((await get(server.port, '/app.js', 'If-None-Match: *\r\n')).status).toBe(304);
    expect((await get(server.port, '/nothing', 'If-None-Match: *\r\n')).status).toBe(404);
    const since = (header: string) => get(server.port, '/app.js', `If-Modified-Since: ${header}\r\n`);
    utimesSync(join(location, 'app.js'), 1, 2.5);
    expect(await since('Thu, 01 Jan 1970 00:00:02 GMT')).toMatchObject({ status: 304, body: '' });
    expect(await since('Thu, 01 Jan 1970 00:00:01 GMT')).toMatchObject({ status: 200, body: 'x' });
    for (const none of ['tomorrow', '2100', `Thu, 01 Jan 2100 00:00:00 GMT\r\nIf-None-Match: "x"`])
      expect(await since(none)).toMatchObject({ status: 200 });
    expect((await get(server.port, '/app.js', `If-None-Match: ${headers.etag}\r\n`)).status).toBe(200);
    await server.stop();
  });

  it('are told of by HEAD', async () => {
    const server = await serving();

    expect(await get(server.port, '/large.bin', '', 'HEAD')).toMatchObject({
      status: 200,
      headers: { 'content-length': '3000000' },
      body: '',
    });
    expect((await get(server.port, '/nothing', '', 'HEAD')).status).toBe(404);
    expect(await get(server.port, '/app.js', 'Content-Length: 0\r\n', 'POST')).toMatchObject({
      status: 405,
      headers: { allow: 'get, head' },
    });
    await server.stop();
  });

  it('are whole, however slow the client, and let go when it leaves', async () => {
    const server = await serving();
    const peer = await connected(server.port);
    peer.write('GET /large.bin HTTP/1.0\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 30));
    const answer = await received(peer);
    expect(answer.subarray(answer.indexOf('\r\n\r\n') + 4).equals(large)).toBe(true);
    peer.destroy();

    const left = await connected(server.port);
    left.write('GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n');
    left.once('data', () => left.destroy());
    await until(() => left.destroyed);
    await server.stop();
  });

  it.each([
    '/../secret.txt',
    '/sub/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/%252e%252e/secret.txt',
    '/..%5csecret.txt',
    '/sub/..%2f..%2fsecret.txt',
    '//etc/passwd',
    '/%2fetc%2fpasswd',
    '/.env',
    '/%2eenv',
    '/./index.html',
    '/out.txt',
    '/up/secret.txt',
    '/index.html%00.txt',
    '/index.html/',
    '/sub',
    '/pipe',
    '/%c0%ae%c0%ae/secret.txt',
    `/${'a'.repeat(5_000)}`,
  ])('do not lead out of the directory: %s', async (path) => {
    for (const symlinks of ['ignore', 'follow'] as const) {
      const server = await serving({}, { symlinks });
      const { status, body } = await get(server.port, path);

      expect([400, 404]).toContain(status);
      expect(body).toBe('');
      await server.stop();
    }
  });

  it('are behind links only where these are followed and stay inside', async () => {
    const ignoring = await serving();
    const following = await serving({}, { symlinks: 'follow' });

    expect((await get(ignoring.port, '/in.html')).status).toBe(404);
    expect((await get(following.port, '/in.html')).body).toBe('<p>home</p>');
    await ignoring.stop();
    await following.stop();
  });

  it('are not passed by a route with another way to write their path', async () => {
    const files = httpFilesystemProxy()(filesystemServer({ location }));
    const routed = route<Http>((begin) =>
      httpMatches({ headers: { ':path': '/sub/*' } }, begin)
        ? refusing(httpFault('HTTP_FORBIDDEN', 'not for all'))
        : httpMatches({ headers: { ':path': '*' } }, begin)
          ? files
          : undefined,
    );
    const server = await servingHttp(routed);

    for (const path of ['/sub/index.html', '/%73ub/index.html', '/%73%75%62/?a', '/sub/%69ndex%2ehtml'])
      expect((await get(server.port, path)).status).toBe(403);
    for (const path of ['/sub%2findex.html', '/sub%2Findex.html', '//sub/index.html', '/%2573ub/index.html'])
      expect((await get(server.port, path)).status).toBe(404);
    expect(await curl('--http2-prior-knowledge', '-w', '%{http_code}', `http://127.0.0.1:${server.port}/s%75b/`)).toBe(
      '403',
    );
    await server.stop();
  });

  it('are named by the route that takes a request', async () => {
    const exit = filesystemServer({ location });
    const other = filesystemServer({ location: join(location, 'sub') });
    const server = await serving({
      routes: [
        // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how the format writes them
        { when: [{ path: '/files/{path}' }], with: { path: '${params.path}' }, exit },
        { when: [{ path: '/other/*' }, { path: '/else' }], with: { path: 'index.html' }, exit: other },
      ],
    });

    expect((await get(server.port, '/files/sub/index.html')).body).toBe('<p>sub</p>');
    expect((await get(server.port, '/files/..%2f..%2fsecret.txt')).status).toBe(404);
    expect((await get(server.port, '/other/x')).body).toBe('<p>sub</p>');
    expect((await get(server.port, '/else')).body).toBe('<p>sub</p>');
    expect((await get(server.port, '/app.js')).body).toBe('x');
    expect((await get(server.port, '/files/%zz')).status).toBe(400);
    await server.stop();
  });
});
