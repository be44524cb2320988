import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type ChaosProxy, startProxy } from '../broker/chaos-proxy.ts';
import { until } from '../broker/until.ts';

/** A size-delimited frame, as Kafka's are. */
function frame(body: string): Buffer {
  const bytes = Buffer.alloc(4 + Buffer.byteLength(body));
  bytes.writeUInt32BE(bytes.length - 4);
  bytes.write(body, 4);
  return bytes;
}

class Client {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  received = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()));
    this.socket.on('data', (bytes) => {
      this.received = Buffer.concat([this.received, bytes as Buffer]);
    });
  }

  async gets(length: number): Promise<Buffer> {
    while (this.received.length < length) await once(this.socket, 'data');
    const taken = this.received.subarray(0, length);
    this.received = this.received.subarray(length);
    return taken;
  }

  async echo(bytes: Buffer): Promise<Buffer> {
    this.socket.write(bytes);
    return this.gets(bytes.length);
  }
}

describe('chaos proxy before an echo server', () => {
  let server: Server;
  let proxy: ChaosProxy;
  const atServer: Buffer[] = [];
  const clients: Client[] = [];

  beforeEach(async () => {
    atServer.length = 0;
    server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes) => atServer.push(bytes as Buffer));
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await startProxy({ port: (server.address() as AddressInfo).port });
  });
  afterEach(async () => {
    await proxy.close();
    for (const { socket } of clients.splice(0)) socket.destroy();
    await new Promise((done) => server.close(done));
  });

  function open(): Client {
    const client = new Client(proxy.port);
    clients.push(client);
    return client;
  }

  it('should forward both ways, large and small, and the end of either side', async () => {
    const client = open();
    expect(await client.echo(Buffer.from('x'))).toEqual(Buffer.from('x'));
    const large = Buffer.alloc(3_000_000, 'abcdefg');
    expect((await client.echo(large)).equals(large)).toBe(true);
    client.socket.end();
    await client.closed;
    expect(client.socket.errored).toBeNull();
  });

  it('should cut open connections and serve new ones', async () => {
    const [first, second] = [open(), open()];
    await Promise.all([first.echo(frame('a')), second.echo(frame('b'))]);
    expect(proxy.connections).toBe(2);
    proxy.cut();
    await Promise.all([first.closed, second.closed]);
    expect(first.socket.errored).toMatchObject({ code: 'ECONNRESET' });
    expect(await open().echo(frame('c'))).toEqual(frame('c'));
  });

  it('should refuse new connections and keep open ones, until healed', async () => {
    const kept = open();
    await kept.echo(frame('a'));
    proxy.refuse();
    await open().closed;
    expect(await kept.echo(frame('b'))).toEqual(frame('b'));
    proxy.heal();
    expect(await open().echo(frame('c'))).toEqual(frame('c'));
  });

  it('should hold back responses while stalled down, and lose none', async () => {
    const client = open();
    await client.echo(frame('a'));
    proxy.stall('down');
    client.socket.write(frame('b'));
    await until(async () => expect(Buffer.concat(atServer)).toHaveLength(10));
    expect(client.received).toHaveLength(0);
    proxy.resume('down');
    expect(await client.gets(5)).toEqual(frame('b'));
  });

  it('should hold back requests while stalled up, even as other connections come', async () => {
    const client = open();
    await client.echo(frame('a'));
    proxy.stall('up');
    client.socket.write(frame('b'));
    const other = open();
    await once(other.socket, 'connect');
    other.socket.write(frame('c'));
    expect(Buffer.concat(atServer)).toEqual(frame('a'));
    proxy.resume();
    expect(await client.gets(5)).toEqual(frame('b'));
    expect(await other.gets(5)).toEqual(frame('c'));
  });

  it('should cut a stalled connection', async () => {
    const client = open();
    await client.echo(frame('a'));
    proxy.stall();
    client.socket.write(frame('b'));
    proxy.cut();
    await client.closed;
    proxy.heal();
    expect(await open().echo(frame('c'))).toEqual(frame('c'));
  });

  it('should pass bytes in parts when slow, until healed', async () => {
    const client = open();
    await client.echo(frame('a'));
    let parts = 0;
    client.socket.on('data', () => parts++);
    proxy.slow(2000, 'down');
    const body = frame('x'.repeat(496));
    expect(await client.echo(body)).toEqual(body);
    // 500 bytes at 2,000 a second go in slices of 100.
    expect(parts).toBeGreaterThan(1);
    proxy.heal();
    const large = Buffer.alloc(1_000_000);
    expect((await client.echo(large)).equals(large)).toBe(true);
  });

  it('should flip one byte, once, in the direction asked', async () => {
    const client = open();
    await client.echo(frame('a'));
    proxy.flip(9);
    expect(await client.echo(frame('b'))).toEqual(frame('b'));
    const flipped = frame('c');
    flipped[4]! ^= 0xff;
    expect(await client.echo(frame('c'))).toEqual(flipped);
    expect(await client.echo(frame('d'))).toEqual(frame('d'));
    proxy.flip(0, 'up');
    client.socket.write(Buffer.of(0, 0, 0, 0));
    expect(await client.gets(4)).toEqual(Buffer.of(255, 0, 0, 0));
  });

  it('should swallow whole responses, however they are cut into packets', async () => {
    const client = open();
    await client.echo(frame('first'));
    proxy.dropResponse(2);
    client.socket.write(Buffer.concat([frame('gone'), frame(''), frame('stays')]));
    expect(await client.gets(9)).toEqual(frame('stays'));

    proxy.dropResponse();
    for (const byte of frame('gone too')) client.socket.write(Buffer.of(byte));
    expect(await client.echo(frame('again'))).toEqual(frame('again'));
  });

  it('should reset a client whose server is not there', async () => {
    await new Promise((done) => server.close(done));
    const client = open();
    await client.closed;
    expect(client.socket.errored).not.toBeNull();
    server.listen(0, '127.0.0.1');
  });
});
