import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect, createServer, type SecureContextOptions, type TLSSocket, type TlsOptions } from 'node:tls';
import { tap, VirtualTimeScheduler } from 'rxjs';
import { tcpClient } from '../../../operators/tcp/client.ts';
import { type TlsClientOptions, tlsClient } from '../../../operators/tls/client.ts';
import { type TlsWhen, tlsMatches } from '../../../operators/tls/matches.ts';
import { type TlsServerOptions, tlsServer } from '../../../operators/tls/server.ts';
import type { Fault } from '../../../src/errors.ts';
import { filesystemVault } from '../../../src/net/filesystem-vault.ts';
import type { Vault } from '../../../src/net/vault.ts';
import type { Net, NetBegin } from '../../../src/protocol/net.ts';
import type { Binding } from '../../../src/protocol.ts';
import { Certificates } from '../../src/net/certificates.ts';
import {
  type Accepted,
  accepting,
  closed,
  echo,
  lawfully,
  listening,
  received,
  type Served,
  Stream,
  serving,
  settled,
  until,
} from '../../src/net/peers.ts';

const HOST = '127.0.0.1';
const made = new Certificates();
let vault: Vault;

beforeAll(() => {
  made.self('ca');
  made.self('stranger', ['localhost']);
  made.signed('server', 'ca', ['localhost', HOST]);
  made.signed('example', 'ca', ['*.example.org']);
  made.signed('expired', 'ca', ['localhost'], -1);
  made.signed('client', 'ca');
  made.firstVersion('old-ca', 'localhost');
  made.firstVersion('old-server', 'localhost', 'old-ca');
  made.firstVersion('old-expired', 'localhost', 'old-ca', -1);
  made.firstVersion('old-stranger', 'localhost');
  const names = ['server', 'example', 'expired', 'client', 'stranger'];
  made.join('keys.pem', ...names.flatMap((name) => [`${name}.key`, `${name}.pem`]));
  const keys = { type: 'pem', store: 'keys.pem' } as const;
  vault = filesystemVault({ keys, trust: { type: 'pem', store: 'ca.pem' } }, made.directory);
});

afterAll(() => made.remove());

/** A tcp server that speaks TLS, with an exit that is held to the laws. */
const secured = (
  exit: Binding<Net>,
  options: Partial<TlsServerOptions> = {},
  faults: Fault[] = [],
): Promise<Served> => {
  const tls = tlsServer({ vault, keys: ['server'], ...options })(lawfully(exit, 'exit'));
  const noting: Binding<Net> = (initial) =>
    lawfully(
      tls,
      'tls',
    )(initial).pipe(
      tap((frame) => {
        if (frame.kind === 'abort' && frame.ext !== undefined) faults.push(frame.ext);
      }),
    );
  return serving(noting);
};

/** A node client of such a server. */
function dialled(port: number, options: object = {}): TLSSocket {
  const ca = made.read('ca.pem');
  return connect({
    socket: connectTcp({ port, host: HOST, allowHalfOpen: true }),
    ca,
    servername: 'localhost',
    ...options,
  });
}

/** A node server that speaks TLS with `name`'s certificate, and echoes. */
async function far(name: string, options: TlsOptions & SecureContextOptions = {}) {
  const sockets: TLSSocket[] = [];
  const server = createServer({
    key: made.read(`${name}.key`),
    cert: made.read(`${name}.pem`),
    ...options,
    allowHalfOpen: true,
  });
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket) => {
    sockets.push(socket.on('error', () => {}));
    socket.pipe(socket);
  });
  await once(server.listen(0, HOST), 'listening');
  const { port } = server.address() as { port: number };
  const close = (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return { port, sockets, close };
}

/** One stream through a tls client, over a tcp client, to a port. */
const through = (port: number, options: TlsClientOptions = {}, begin: NetBegin = { authority: 'localhost' }): Stream =>
  new Stream(tlsClient({ vault, trust: ['ca'], ...options })(lawfully(tcpClient({ host: HOST, port }), 'exit')), begin);

describe('tls server', () => {
  it('begins a stream with both endpoints, the authority asked for and the protocol agreed on', async () => {
    const streams: Accepted[] = [];
    const server = await secured(accepting(streams), { alpn: ['h2', 'http/1.1'] });
    const peer = dialled(server.port, { ALPNProtocols: ['x', 'http/1.1'] });
    await once(peer, 'secureConnect');
    await until(() => streams.length === 1);

    expect(peer.alpnProtocol).toBe('http/1.1');
    expect(streams[0]?.initial.begin).toEqual({
      local: { address: HOST, port: server.port },
      remote: { address: HOST, port: peer.remotePort === undefined ? 0 : expect.any(Number) },
      authority: 'localhost',
      draining: expect.anything(),
      alpn: 'http/1.1',
      secure: true,
    });
    peer.destroy();
    await server.stop();
  });

  it('carries bytes both ways and half-closes after the last of them', async () => {
    const server = await secured(echo);
    const peer = dialled(server.port);
    const sent = Buffer.alloc(3_000_000, 'sluice');
    peer.end(sent);
    expect((await received(peer)).equals(sent)).toBe(true);
    await server.stop();
  });

  it('answers only for the hosts it is told to answer for, and whoever names none', async () => {
    const streams: Accepted[] = [];
    const server = await secured(accepting(streams), { sni: ['*.example.org', 'localhost'] });
    const peers = ['elsewhere.org', 'localhost', 'www.example.org', ''].map((servername) =>
      dialled(server.port, { servername, checkServerIdentity: () => undefined }).resume(),
    );
    await closed(peers[0] as TLSSocket);
    await until(() => streams.length === 3);
    for (const peer of peers) peer.destroy();
    await server.stop();
  });

  it('shows the certificate that names the host asked for, else the first', async () => {
    const server = await secured(echo, { keys: ['server', 'example'] });
    for (const [servername, subject] of [
      ['localhost', 'server'],
      ['www.example.org', 'example'],
      ['unheard-of.org', 'server'],
    ]) {
      const peer = dialled(server.port, { servername, checkServerIdentity: () => undefined });
      await once(peer, 'secureConnect');
      expect(peer.getPeerCertificate().subject.CN).toBe(subject);
      peer.destroy();
    }
    await server.stop();
  });

  it.each<['required' | 'requested' | 'none' | undefined, string | undefined, string | undefined]>([
    ['required', 'client', undefined],
    ['required', undefined, 'TLS_CLIENT_CERTIFICATE'],
    ['required', 'stranger', 'TLS_CLIENT_CERTIFICATE'],
    [undefined, undefined, 'TLS_CLIENT_CERTIFICATE'],
    ['requested', undefined, undefined],
    ['requested', 'stranger', undefined],
    ['none', undefined, undefined],
  ])('with mutual %s and the client certificate %s: %s', async (mutual, name, code) => {
    const faults: Fault[] = [];
    const server = await secured(echo, { trust: ['ca'], ...(mutual && { mutual }) }, faults);
    const shown = name === undefined ? {} : { key: made.read(`${name}.key`), cert: made.read(`${name}.pem`) };
    const peer = dialled(server.port, shown);
    peer.on('error', () => {});
    peer.end('x');
    if (code === undefined) expect((await received(peer)).toString()).toBe('x');
    else await until(() => faults.length > 0);
    expect(faults.map((fault) => fault.code)).toEqual(code === undefined ? [] : [code]);
    peer.destroy();
    await server.stop();
  });

  it.each<[string, string, Partial<TlsServerOptions>, (port: number) => void]>([
    [
      'plain HTTP',
      'TLS_PLAINTEXT',
      {},
      (port) =>
        connectTcp({ port, host: HOST })
          .on('error', () => {})
          .write('GET / HTTP/1.1\r\n\r\n'),
    ],
    [
      'noise',
      'TLS_PLAINTEXT',
      {},
      (port) =>
        connectTcp({ port, host: HOST })
          .on('error', () => {})
          .write(Buffer.alloc(500, 'noise')),
    ],
    [
      'a close',
      'TLS_HANDSHAKE',
      {},
      (port) =>
        connectTcp({ port, host: HOST })
          .on('error', () => {})
          .end(),
    ],
    [
      'a reset',
      'NET_RESET',
      {},
      (port) => {
        const peer = connectTcp({ port, host: HOST }, () => peer.resetAndDestroy());
      },
    ],
    [
      'an old version',
      'TLS_VERSION',
      { version: 'TLSv1.3' },
      (port) => dialled(port, { maxVersion: 'TLSv1.2' }).on('error', () => {}),
    ],
    [
      'another protocol',
      'TLS_ALPN',
      { alpn: ['h2'] },
      (port) => dialled(port, { ALPNProtocols: ['x'] }).on('error', () => {}),
    ],
  ])('aborts with a fault of its own, and goes on, after %s: %s', async (_, code, options, dial) => {
    const faults: Fault[] = [];
    const server = await secured(echo, options, faults);
    dial(server.port);
    await until(() => faults.length === 1);
    expect(faults).toMatchObject([{ code, message: expect.stringContaining(`${HOST}:`) }]);

    const peer = dialled(server.port, { ...(options.alpn && { ALPNProtocols: [...options.alpn] }) });
    peer.end('fine');
    expect((await received(peer)).toString()).toBe('fine');
    await server.stop();
  });

  it('tells the peer of a failed handshake by a TLS alert', async () => {
    const server = await secured(echo, { alpn: ['h2'] });
    const failed = await closed(dialled(server.port, { ALPNProtocols: ['x'] }));
    expect(failed).toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' });
    await server.stop();
  });

  it('gives up a handshake that does not finish in time', async () => {
    const time = new VirtualTimeScheduler();
    const stream = new Stream(tlsServer({ vault, keys: ['server'], handshakeTimeout: 10_000 }, time)(echo));
    time.flush();
    expect(stream.reply.fault).toMatchObject({ code: 'TLS_TIMEOUT' });
  });

  it('grants no more than its windows to who writes to a peer that does not read', async () => {
    const streams: Accepted[] = [];
    const server = await secured(accepting(streams), { window: 64 * 1024 });
    const peer = dialled(server.port);
    await once(peer, 'secureConnect');
    peer.pause();
    await until(() => streams[0]?.reply.balance === 64 * 1024);
    const { reply } = streams[0] as Accepted;
    const chunk = Buffer.alloc(32 * 1024);
    let sent = 0;
    const fill = setInterval(() => {
      while (reply.balance >= chunk.length) {
        reply.send(chunk);
        sent += chunk.length;
      }
    }, 1);
    const stalled = await settled(() => sent);
    expect(stalled).toBeLessThan(16_000_000);
    let got = 0;
    peer
      .on('data', ({ length }: Buffer) => {
        got += length;
      })
      .resume();
    await until(() => sent > stalled + 1_000_000);
    clearInterval(fill);
    await until(() => got === sent);
    peer.destroy();
    await server.stop();
  });

  it('stops reading from the kernel while its exit grants nothing', async () => {
    const streams: Accepted[] = [];
    const server = await secured(accepting(streams));
    const peer = dialled(server.port);
    peer.on('error', () => {});
    let taken = 0;
    const chunk = Buffer.alloc(64 * 1024);
    const fill = (): void => {
      peer.write(chunk, (error) => {
        if (error) return;
        taken += chunk.length;
        fill();
      });
    };
    fill();
    await until(() => streams.length === 1);
    const stalled = await settled(() => taken);
    expect(stalled).toBeLessThan(16_000_000);
    const { initial } = streams[0] as Accepted;
    expect(initial.frames).toHaveLength(1);
    initial.grant(stalled + 1_000_000);
    await until(() => initial.bytes.length === stalled + 1_000_000);
    peer.destroy();
    await server.stop();
  });

  it.each<[string, Partial<TlsServerOptions>, RegExp]>([
    ['no key', { keys: [] }, /OPTION_INVALID.*needs a key/],
    ['an unknown key', { keys: ['sever'] }, /VAULT_ENTRY.*sever/],
    ['an unknown version', { version: 'SSLv3' }, /OPTION_INVALID.*SSLv3/],
    ['mutual without trust', { mutual: 'required' }, /OPTION_INVALID.*trust/],
    ['a window of nothing', { window: 0 }, /OPTION_INVALID.*window/],
  ])('refuses %s', (_, options, message) => {
    expect(() => tlsServer({ vault, keys: ['server'], ...options })).toThrow(message);
    expect(() => tlsServer({ keys: ['server'] })).toThrow(/OPTION_INVALID.*no vault/);
  });
});

describe('tls client', () => {
  it('carries bytes both ways, and begins with what was verified and agreed on', async () => {
    const server = await far('server', { ALPNProtocols: ['x', 'y'] });
    const stream = through(server.port, { alpn: ['y'] });
    const sent = Buffer.alloc(3_000_000, 'sluice');
    for (let at = 0; at < sent.length; at += 10_000) stream.initial.send(sent.subarray(at, at + 10_000));
    stream.initial.end();
    await until(() => stream.reply.completed);

    expect(stream.reply.bytes.equals(sent)).toBe(true);
    expect(stream.reply.last).toBe('end');
    expect(stream.reply.begin).toMatchObject({ remote: { port: server.port }, authority: 'localhost', alpn: 'y' });
    await server.close();
  });

  it('verifies an address, too', async () => {
    const server = await far('server');
    const stream = through(server.port, {}, { remote: { address: HOST, port: 1 } });
    await until(() => stream.reply.begin !== undefined);
    stream.subscription.unsubscribe();
    await server.close();
  });

  it.each<[string, string, TlsClientOptions, NetBegin | undefined, string, RegExp]>([
    ['nobody trusted has signed', 'stranger', {}, undefined, 'TLS_UNTRUSTED', /localhost .*nobody trusted/],
    [
      'the authorities of node do not know',
      'server',
      { vault: undefined, trust: undefined } as object,
      undefined,
      'TLS_UNTRUSTED',
      /localhost/,
    ],
    ['has expired', 'expired', {}, undefined, 'TLS_EXPIRED', /localhost .*not valid at this time/],
    ['is for another host', 'example', {}, undefined, 'TLS_WRONG_HOST', /localhost .*another host/],
    [
      'is for another host than sni asks for',
      'server',
      { sni: ['www.example.org'] },
      undefined,
      'TLS_WRONG_HOST',
      /www\.example\.org/,
    ],
    ['nobody knows the name for', 'server', {}, {}, 'TLS_NAME_UNKNOWN', /sni/],
    ['comes without a protocol in common', 'server', { alpn: ['z'] }, undefined, 'TLS_ALPN', /protocol/],
  ])('aborts on a certificate that %s', async (_, name, options, begin, code, message) => {
    const server = await far(name, { ALPNProtocols: ['x'] });
    const stream = through(server.port, options, begin);
    stream.initial.send('secret');
    await until(() => stream.reply.completed);

    expect(stream.reply.frames.map(({ kind }) => kind)).toEqual(['abort']);
    expect(stream.reply.fault).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(stream.initial.refusal).toBe(stream.reply.fault);
    await server.close();
  });

  it.each<[string, string, string | undefined]>([
    ['old-server', 'localhost', undefined],
    ['old-ca', 'localhost', undefined],
    ['old-server', 'www.example.org', 'TLS_WRONG_HOST'],
    ['old-expired', 'localhost', 'TLS_EXPIRED'],
    ['old-stranger', 'localhost', 'TLS_UNTRUSTED'],
    ['stranger', 'localhost', 'TLS_UNTRUSTED'],
  ])('verifies %s as %s by a certificate of the same name that says nothing of signing', async (name, host, code) => {
    const server = await far(name);
    const old = filesystemVault({ trust: { type: 'pem', store: 'old-ca.pem' } }, made.directory);
    const stream = through(server.port, { vault: old, trust: ['localhost'] }, { authority: host });
    stream.initial.send('hello');
    await until(() => stream.reply.completed || stream.reply.bytes.toString() === 'hello');
    expect(stream.reply.fault?.code).toBe(code);
    stream.subscription.unsubscribe();
    await server.close();
  });

  it('goes on with a server that it cannot verify only if it is told to, with a warning', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const server = await far('stranger');
    const stream = through(server.port, { insecure: true });
    stream.initial.send('hello');
    await until(() => stream.reply.bytes.toString() === 'hello');
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('does not verify'), { code: 'TLS_INSECURE' });
    warn.mockRestore();
    stream.subscription.unsubscribe();
    await server.close();
  });

  it('shows its certificate to a server that asks for one', async () => {
    const server = await far('server', { requestCert: true, ca: made.read('ca.pem') });
    const stream = through(server.port, { keys: ['client'] });
    stream.initial.send('hello');
    await until(() => stream.reply.bytes.toString() === 'hello');
    expect(server.sockets[0]?.getPeerCertificate().subject.CN).toBe('client');
    stream.subscription.unsubscribe();

    const bare = through(server.port);
    bare.initial.send('hello');
    await until(() => bare.reply.last === 'abort' || bare.reply.last === 'end');
    expect(bare.reply.bytes.toString()).toBe('');
    bare.subscription.unsubscribe();
    await server.close();
  });

  it('says that its peer does not speak TLS', async () => {
    const { port, close } = await listening((socket) => socket.end('220 welcome to plain text\r\n'));
    const stream = through(port);
    await until(() => stream.reply.completed);
    expect(stream.reply.fault).toMatchObject({ code: 'TLS_PLAINTEXT', message: expect.stringContaining('localhost') });
    await close();
  });

  it('says that its peer closed in the middle of the handshake', async () => {
    const { port, close } = await listening((socket) => socket.end());
    const stream = through(port);
    await until(() => stream.reply.completed);
    expect(stream.reply.fault).toMatchObject({ code: 'TLS_HANDSHAKE', message: expect.stringContaining('localhost') });
    await close();
  });

  it('keeps the fault of the connection below it', async () => {
    const stream = through(1);
    await until(() => stream.reply.completed);
    expect(stream.reply.fault).toMatchObject({ code: 'NET_REFUSED', message: expect.stringContaining(`${HOST}:1`) });
  });

  it('gives up a handshake that does not finish in time', async () => {
    const time = new VirtualTimeScheduler();
    const stream = new Stream(tlsClient({ handshakeTimeout: 10_000 }, time)(echo), { authority: 'localhost' });
    time.flush();
    expect(stream.reply.fault).toMatchObject({ code: 'TLS_TIMEOUT', message: expect.stringContaining('localhost') });
  });

  it('aborts with the fault below when the connection breaks after the handshake', async () => {
    const server = await secured(accepting([]));
    const stream = through(server.port);
    await until(() => stream.reply.begin !== undefined);
    await server.stop();
    await until(() => stream.reply.completed);
    expect(stream.reply.fault).toMatchObject({ code: 'NET_RESET' });
    expect(stream.initial.refusal).toMatchObject({ code: 'NET_RESET' });
  });

  it('goes on sending after the far end half-closed', async () => {
    const streams: Accepted[] = [];
    const server = await secured(accepting(streams));
    const stream = through(server.port);
    await until(() => streams.length === 1 && stream.reply.begin !== undefined);
    streams[0]?.initial.grant(1_000);
    stream.initial.send('before');
    await until(() => streams[0]?.initial.bytes.toString() === 'before');
    stream.initial.end();
    await until(() => streams[0]?.initial.last === 'end');
    streams[0]?.reply.send('after');
    streams[0]?.reply.end();
    await until(() => stream.reply.completed);
    expect(stream.reply.bytes.toString()).toBe('after');
    await server.stop();
  });

  it('speaks only the version it is told to', async () => {
    const server = await far('server', { maxVersion: 'TLSv1.2' });
    const stream = through(server.port, { version: 'TLSv1.3' });
    await until(() => stream.reply.completed);
    expect(stream.reply.fault).toMatchObject({ code: 'TLS_VERSION' });
    const older = through(server.port, { version: 'TLSv1.2' });
    older.initial.send('x');
    await until(() => older.reply.bytes.length === 1);
    older.subscription.unsubscribe();
    await server.close();
  });
});

describe('a route of a tls binding', () => {
  const begin: NetBegin = {
    local: { address: '10.1.2.3', port: 7143 },
    remote: { address: '192.0.2.7', port: 51_000 },
    authority: 'www.example.org',
    alpn: 'h2',
  };
  it.each<[TlsWhen, NetBegin, boolean]>([
    [{}, begin, true],
    [{ authority: '*.example.org' }, begin, true],
    [{ authority: 'example.org' }, begin, false],
    [{ authority: '*' }, {}, false],
    [{ alpn: 'h2' }, begin, true],
    [{ alpn: 'http/1.1' }, begin, false],
    [{ port: ['7000-7200'] }, begin, true],
    [{ port: 443 }, begin, false],
    [{ port: 443 }, { remote: { address: 'x', port: 443 } }, true],
  ])('%j takes %j: %s', (when, from, taken) => {
    expect(tlsMatches(when, from)).toBe(taken);
  });
});
