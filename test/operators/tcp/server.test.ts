import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { firstValueFrom, Observable, throwError } from 'rxjs';
import { tcpClient } from '../../../operators/tcp/client.ts';
import { tcpServer } from '../../../operators/tcp/server.ts';
import { window } from '../../../src/control.ts';
import { begin, end } from '../../../src/frame.ts';
import {
  type Accepted,
  accepting,
  closed,
  connected,
  echo,
  lawfully,
  listening,
  received,
  serving,
  settled,
  until,
} from '../../src/net/peers.ts';

describe('tcp server', () => {
  it('runs a connection as a stream that begins with both endpoints', async () => {
    const streams: Accepted[] = [];
    const server = await serving(lawfully(accepting(streams)));
    const peer = await connected(server.port);
    await until(() => streams.length === 1);

    expect(streams[0]?.initial.begin).toEqual({
      local: { address: '127.0.0.1', port: server.port },
      remote: { address: '127.0.0.1', port: peer.localPort },
      draining: expect.anything(),
    });
    peer.destroy();
    await server.stop();
  });

  it('gives an IPv4 peer of a dual-stack listener as IPv4', async () => {
    const streams: Accepted[] = [];
    const server = await serving(accepting(streams), { host: '::' });
    const peer = await connected(server.port);
    await until(() => streams.length === 1);

    expect(streams[0]?.initial.begin?.remote?.address).toBe('127.0.0.1');
    peer.destroy();
    await server.stop();
  });

  it('carries bytes both ways and half-closes after the last of them', async () => {
    const server = await serving(lawfully(echo));
    const peer = await connected(server.port);
    const sent = Buffer.alloc(3_000_000, 'sluice');
    peer.end(sent);

    expect((await received(peer)).equals(sent)).toBe(true);
    await server.stop();
  });

  it('goes on receiving after its own half-close', async () => {
    const upstream: Buffer[] = [];
    const far = await listening((socket) => {
      socket.end('done');
      socket.on('data', (chunk: Buffer) => void upstream.push(chunk));
    });
    const exit = lawfully(tcpClient({ host: '127.0.0.1', port: far.port }));
    const server = await serving(lawfully(exit));
    const peer = await connected(server.port);

    expect((await received(peer)).toString()).toBe('done');
    peer.write('more ');
    await until(() => upstream.length > 0);
    peer.end('and more');
    await closed(peer);
    await until(() => Buffer.concat(upstream).toString() === 'more and more');
    await far.close();
    await server.stop();
  });

  it('hands on all that a peer sent before it closed', async () => {
    const far = await listening((socket) => socket.end().pause());
    const server = await serving(lawfully(tcpClient({ host: '127.0.0.1', port: far.port })));
    const peer = await connected(server.port);
    const total = 20_000_000;
    peer.end(Buffer.alloc(total));
    peer.resume();
    await settled(() => peer.bytesWritten - peer.writableLength);
    const bytes = received(far.sockets[0] as Socket);
    far.sockets[0]?.resume();
    expect(await bytes).toHaveLength(total);
    await far.close();
    await server.stop();
  });

  it('leaves an exit that still hands things on alone until it completes', async () => {
    const happened: string[] = [];
    const server = await serving(
      (initial) =>
        new Observable((out) => {
          out.next(begin({}, () => {}));
          initial.subscribe((frame) => {
            happened.push(frame.kind);
            if (frame.kind === 'begin') frame.control(window(1_000));
          });
          out.next(end());
          return () => happened.push('left');
        }),
    );
    const peer = await connected(server.port);
    const over = closed(peer);
    peer.end('all of it');
    peer.resume();
    await over;
    await until(() => happened.includes('end'));
    await settled(() => happened.length);
    expect(happened).toEqual(['begin', 'data', 'end']);
    await server.stop();
    expect(happened).toContain('left');
  });

  it('aborts the initial lane and resets the reply when the peer resets', async () => {
    const streams: Accepted[] = [];
    const server = await serving(lawfully(accepting(streams)));
    const peer = await connected(server.port);
    await until(() => streams.length === 1);
    peer.resetAndDestroy();
    await until(() => streams[0]?.initial.last === 'abort');

    expect(streams[0]?.initial.fault).toMatchObject({ code: 'NET_RESET' });
    expect(streams[0]?.initial.fault?.message).toContain(`127.0.0.1:${peer.localPort ?? ''}`);
    expect(streams[0]?.reply.refusal).toMatchObject({ code: 'NET_RESET' });
    await server.stop();
  });

  it('resets the peer on ABORT', async () => {
    const streams: Accepted[] = [];
    const server = await serving(accepting(streams));
    const peer = await connected(server.port);
    const failed = closed(peer);
    await until(() => streams.length === 1);
    streams[0]?.reply.abort();

    expect(await failed).toMatchObject({ code: 'ECONNRESET' });
    await server.stop();
  });

  it('still delivers the reply after it refused the rest of the initial lane', async () => {
    const streams: Accepted[] = [];
    const server = await serving(lawfully(accepting(streams)));
    const peer = await connected(server.port);
    peer.write(Buffer.alloc(1_000_000));
    await until(() => streams.length === 1);
    streams[0]?.initial.reset();
    streams[0]?.reply.send('no more, please');
    streams[0]?.reply.end();

    expect((await received(peer)).toString()).toBe('no more, please');
    peer.end();
    await server.stop();
  });

  it('grants no more than its window to who writes to a peer that does not read', async () => {
    const streams: Accepted[] = [];
    const server = await serving(lawfully(accepting(streams)), { window: 64 * 1024 });
    const peer = await connected(server.port);
    peer.pause();
    await until(() => streams[0]?.reply.balance === 64 * 1024);
    const reply = (streams[0] as Accepted).reply;
    const chunk = Buffer.alloc(32 * 1024);
    let sent = 0;
    const fill = setInterval(() => {
      while (reply.balance >= chunk.length) {
        reply.send(chunk);
        sent += chunk.length;
      }
    }, 1);
    const stalled = await settled(() => sent);
    // What the kernel holds on either side, and one window.
    expect(stalled).toBeLessThan(16_000_000);
    expect(reply.balance).toBeLessThan(chunk.length);

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
    const server = await serving(lawfully(accepting(streams)));
    const peer = await connected(server.port);
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
    const stalled = await settled(() => taken);
    // What the kernel holds on either side.
    expect(stalled).toBeLessThan(16_000_000);
    const [{ initial }] = streams as [Accepted];
    expect(initial.frames).toHaveLength(1);
    initial.grant(10);
    await until(() => initial.bytes.length === 10);
    expect(await settled(() => taken)).toBe(stalled);

    initial.grant(stalled + 1_000_000);
    await until(() => initial.bytes.length === stalled + 1_000_010);
    peer.destroy();
    await server.stop();
  });

  it('aborts the initial lane of a peer that is gone even if nothing is granted', async () => {
    const streams: Accepted[] = [];
    const server = await serving(lawfully(accepting(streams)));
    const peer = await connected(server.port);
    await until(() => streams.length === 1);
    peer.resetAndDestroy();
    await until(() => streams[0]?.initial.last === 'abort');
    await server.stop();
  });

  it('cuts off one connection for a defect of its exit and serves the others', async () => {
    let opened = 0;
    const server = await serving((initial) => {
      opened += 1;
      if (opened === 1) throw new Error('thrown');
      if (opened === 2) return throwError(() => new Error('errored'));
      return initial;
    });
    for (const _ of [1, 2]) await closed(connect({ port: server.port, host: '127.0.0.1' }));
    const peer = await connected(server.port);
    peer.end('fine');

    expect((await received(peer)).toString()).toBe('fine');
    expect(server.defects).toMatchObject([{ message: 'thrown' }, { message: 'errored' }]);
    await server.stop();
  });

  it('lets open connections finish when it is stopped', async () => {
    const server = await serving(lawfully(echo), { drain: 60_000 });
    const peer = await connected(server.port);
    peer.write('before ');
    await once(peer, 'readable');
    server.running.unsubscribe();
    await expect(connected(server.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    peer.end('and after');

    expect((await received(peer)).toString()).toBe('before and after');
    await server.closed;
  });

  it('resets what is still open when its time to drain is over', async () => {
    const server = await serving(echo, { drain: 20 });
    const peer = await connected(server.port);
    const failed = closed(peer);
    peer.write('x');
    await once(peer, 'readable');
    await server.stop();

    expect(await failed).toMatchObject({ code: 'ECONNRESET' });
  });

  it('names the host and the port that it cannot have, and keeps none', async () => {
    const server = await serving(echo);
    const second = firstValueFrom(tcpServer({ host: '127.0.0.1', port: [0, server.port] })(echo));

    await expect(second).rejects.toMatchObject({
      code: 'NET_LISTEN',
      message: expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${server.port}: the port is in use.*EADDRINUSE`)),
    });
    await server.stop();
  });

  it('says so when its host has no address', async () => {
    const server = firstValueFrom(tcpServer({ host: 'no-such-host.invalid', port: 0 })(echo));
    await expect(server).rejects.toMatchObject({
      code: 'NET_LISTEN',
      message: expect.stringContaining('no-such-host'),
    });
  });

  it('listens on every port of every host', async () => {
    const { port: base, close } = await listening();
    await close();
    const server = await serving(echo, { host: ['127.0.0.1', '127.0.0.2'], port: [`${base}-${base}`, 0] });
    expect(server.bound).toHaveLength(4);
    for (const { address, port } of server.bound) {
      const peer = await connected(port, address);
      peer.end(`${address}`);
      expect((await received(peer)).toString()).toBe(address);
    }
    await server.stop();
  });

  it('stops even if it is unsubscribed before it listens', async () => {
    const listened: unknown[] = [];
    const options = { host: 'localhost', port: 0, onListening: (bound: unknown) => void listened.push(bound) };
    tcpServer(options)(echo).subscribe().unsubscribe();
    await settled(() => listened.length);
    expect(listened).toEqual([]);
  });

  it.each([['70000'], ['9-8'], ['x'], [-1], [1.5]])('refuses port %s', (port) => {
    expect(() => tcpServer({ port })).toThrow(/OPTION_INVALID/);
  });
});
