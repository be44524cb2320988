import type { Socket } from 'node:net';
import { VirtualTimeScheduler } from 'rxjs';
import { type TcpClientOptions, tcpClient } from '../../../operators/tcp/client.ts';
import type { NetBegin } from '../../../src/protocol/net.ts';
import { listening, received, Stream, settled, until } from '../../src/net/peers.ts';

const HOST = '127.0.0.1';

describe('tcp client', () => {
  it('begins its reply with both endpoints once it is connected', async () => {
    const far = await listening();
    const stream = new Stream(tcpClient({ host: HOST, port: far.port }));
    await until(() => stream.reply.begin !== undefined);

    expect(stream.reply.begin?.remote).toEqual({ address: HOST, port: far.port });
    stream.subscription.unsubscribe();
    await far.close();
  });

  it('carries bytes both ways, half-closes, and completes when both are over', async () => {
    const far = await listening();
    const stream = new Stream(tcpClient({ host: HOST, port: far.port }));
    stream.initial.send('ping');
    stream.initial.end();
    await until(() => far.sockets.length === 1);
    const [socket] = far.sockets as [Socket];
    expect((await received(socket)).toString()).toBe('ping');
    socket.end('pong');
    await until(() => stream.reply.completed);

    expect(stream.reply.bytes.toString()).toBe('pong');
    expect(stream.reply.last).toBe('end');
    await far.close();
  });

  it('goes on sending after the far end half-closed', async () => {
    const far = await listening();
    const stream = new Stream(tcpClient({ host: HOST, port: far.port }));
    await until(() => far.sockets.length === 1);
    const [socket] = far.sockets as [Socket];
    socket.end();
    await until(() => stream.reply.last === 'end');
    expect(stream.reply.completed).toBe(false);
    stream.initial.send('still here');
    stream.initial.end();

    expect((await received(socket)).toString()).toBe('still here');
    await until(() => stream.reply.completed);
    await far.close();
  });

  it.each<[string, TcpClientOptions, (port: number) => NetBegin]>([
    ['the remote of BEGIN', {}, (port) => ({ remote: { address: HOST, port } })],
    ['the authority of BEGIN', {}, (port) => ({ authority: `localhost:${port}` })],
    [
      'its own host and the port of BEGIN',
      { host: HOST },
      (port) => ({ remote: { address: 'ignored.invalid', port } }),
    ],
    [
      'the port of BEGIN among its own',
      { host: HOST, port: [1, '1024-65535'] },
      (port) => ({ authority: `x:${port}` }),
    ],
  ])('connects to %s', async (_, options, begin) => {
    const far = await listening();
    const stream = new Stream(tcpClient(options), begin(far.port));
    await until(() => stream.reply.begin !== undefined);
    expect(stream.reply.begin?.remote?.port).toBe(far.port);
    stream.subscription.unsubscribe();
    await far.close();
  });

  it('tries the next host when one does not take it', async () => {
    const far = await listening();
    const stream = new Stream(tcpClient({ host: ['127.0.0.9', 'no-such-host.invalid', HOST], port: far.port }));
    await until(() => stream.reply.begin !== undefined);
    expect(stream.reply.begin?.remote?.address).toBe(HOST);
    stream.subscription.unsubscribe();
    await far.close();
  });

  it.each<[string, TcpClientOptions, string, RegExp]>([
    ['nothing listens', { host: HOST, port: 1 }, 'NET_REFUSED', /127\.0\.0\.1:1: nothing listens there/],
    ['the name is unknown', { host: 'no-such-host.invalid', port: 80 }, 'NET_LOOKUP', /no-such-host\.invalid:80/],
    ['there is no port', { host: HOST }, 'NET_TARGET', /host and a port/],
    ['there is no host', { port: 80 }, 'NET_TARGET', /host and a port/],
  ])('aborts the reply and resets the initial lane when %s', async (_, options, code, message) => {
    const stream = new Stream(tcpClient(options));
    stream.initial.send('lost');
    await until(() => stream.reply.completed);

    expect(stream.reply.frames.map(({ kind }) => kind)).toEqual(['abort']);
    expect(stream.reply.fault).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(stream.initial.refusal).toBe(stream.reply.fault);
  });

  it('refuses a stream whose opener asks for a port that is none', async () => {
    const stream = new Stream(tcpClient(), { remote: { address: HOST, port: 65_536 } });
    await until(() => stream.reply.completed);
    expect(stream.reply.frames.map(({ kind }) => kind)).toEqual(['abort']);
    expect(stream.reply.fault).toMatchObject({ code: 'NET_FAILED', message: expect.stringMatching(/1:65536: ERR_/) });
  });

  it('gives up a host that does not answer in time', async () => {
    const far = await listening();
    const time = new VirtualTimeScheduler();
    const stream = new Stream(tcpClient({ host: HOST, port: far.port, connectTimeout: 10_000 }, time));
    // No turn of the event loop has passed, so the connection cannot stand yet.
    time.flush();
    expect(time.frame).toBe(10_000);
    expect(stream.reply.fault).toMatchObject({ code: 'NET_TIMEOUT', message: expect.stringContaining(`:${far.port}`) });
    await far.close();
  });

  it('aborts both lanes when the far end resets', async () => {
    const far = await listening();
    const stream = new Stream(tcpClient({ host: HOST, port: far.port }));
    await until(() => far.sockets.length === 1 && stream.reply.begin !== undefined);
    far.sockets[0]?.resetAndDestroy();
    await until(() => stream.reply.completed);

    expect(stream.reply.fault).toMatchObject({ code: 'NET_RESET', message: expect.stringContaining(`:${far.port}`) });
    expect(stream.initial.refusal).toMatchObject({ code: 'NET_RESET' });
    await far.close();
  });

  it('does not take a reset right behind the last bytes for an end', async () => {
    for (let round = 0; round < 20; round += 1) {
      const far = await listening();
      const stream = new Stream(tcpClient({ host: HOST, port: far.port }));
      await until(() => far.sockets.length === 1 && stream.reply.begin !== undefined);
      far.sockets[0]?.write('half of it');
      far.sockets[0]?.resetAndDestroy();
      await until(() => stream.reply.completed);
      expect(stream.reply.fault).toMatchObject({ code: 'NET_RESET' });
      await far.close();
    }
  });

  it('resets the far end on ABORT, and when it is unsubscribed', async () => {
    const far = await listening();
    for (const leave of [(s: Stream) => s.initial.abort(), (s: Stream) => s.subscription.unsubscribe()]) {
      const stream = new Stream(tcpClient({ host: HOST, port: far.port }));
      await until(
        () => stream.reply.begin !== undefined && far.sockets.at(-1)?.remotePort === stream.reply.begin.local?.port,
      );
      const errors: unknown[] = [];
      far.sockets.at(-1)?.on('error', (error) => void errors.push(error));
      leave(stream);
      await until(() => errors.length === 1);
      expect(errors).toMatchObject([{ code: 'ECONNRESET' }]);
    }
    await far.close();
  });

  it('lets go of a connection that is left while it shuts down', async () => {
    const far = await listening();
    const open = (): number => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCPSocket')).length;
    const before = open();
    const stream = new Stream(tcpClient({ host: HOST, port: far.port }));
    await until(() => far.sockets.length === 1 && stream.reply.begin !== undefined);
    stream.initial.end();
    stream.subscription.unsubscribe();
    await far.close();
    await until(() => open() <= before);
  });

  it('gives up connecting on ABORT, on END as well, and when it is unsubscribed', async () => {
    const far = await listening();
    const options = { host: 'localhost', port: far.port };
    const aborted = new Stream(tcpClient(options));
    aborted.initial.abort();
    const left = new Stream(tcpClient(options));
    left.subscription.unsubscribe();
    expect(aborted.reply.completed).toBe(true);
    expect(aborted.reply.last).toBe('abort');
    await far.close();
    expect(far.sockets.filter((socket) => !socket.destroyed)).toEqual([]);
  });

  it('grants nothing before it is connected, and one window to a far end that does not read', async () => {
    const far = await listening();
    const stream = new Stream(tcpClient({ host: HOST, port: far.port, window: 32 * 1024 }));
    expect(stream.initial.balance).toBe(0);
    await until(() => far.sockets.length === 1 && stream.initial.balance === 32 * 1024);
    const [socket] = far.sockets as [Socket];
    const chunk = Buffer.alloc(16 * 1024);
    let sent = 0;
    const fill = setInterval(() => {
      while (stream.initial.balance >= chunk.length) {
        stream.initial.send(chunk);
        sent += chunk.length;
      }
    }, 1);
    const stalled = await settled(() => sent);
    expect(stalled).toBeLessThan(16_000_000);
    socket.resume();
    await until(() => sent > stalled + 1_000_000);
    clearInterval(fill);
    stream.subscription.unsubscribe();
    await far.close();
  });

  it('stops reading from the kernel while nothing is granted on its reply', async () => {
    const far = await listening();
    const stream = new Stream(tcpClient({ host: HOST, port: far.port }), {}, false);
    await until(() => far.sockets.length === 1 && stream.reply.begin !== undefined);
    const [socket] = far.sockets as [Socket];
    let accepted = 0;
    const chunk = Buffer.alloc(64 * 1024);
    const fill = (): void => {
      socket.write(chunk, () => {
        accepted += chunk.length;
        if (!socket.destroyed) fill();
      });
    };
    fill();
    const stalled = await settled(() => accepted);
    expect(stalled).toBeLessThan(16_000_000);
    expect(stream.reply.frames).toHaveLength(1);
    stream.reply.grant(10);
    await until(() => stream.reply.bytes.length === 10);
    expect(await settled(() => accepted)).toBe(stalled);
    stream.subscription.unsubscribe();
    await far.close();
  });

  it('stops reading when its reply is refused, and still sends', async () => {
    const far = await listening();
    const stream = new Stream(tcpClient({ host: HOST, port: far.port }));
    await until(() => far.sockets.length === 1 && stream.reply.begin !== undefined);
    const [socket] = far.sockets as [Socket];
    stream.reply.reset();
    expect(stream.reply.last).toBe('abort');
    stream.initial.send('last words');
    stream.initial.end();
    expect((await received(socket)).toString()).toBe('last words');
    socket.end();
    await until(() => stream.reply.completed);
    await far.close();
  });
});
