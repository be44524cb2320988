import { NEVER, startWith } from 'rxjs';
import { httpKafkaProxy } from '../../../operators/http-kafka/proxy.ts';
import { begin, type Frame } from '../../../src/frame.ts';
import type { Identity } from '../../../src/protocol/guard.ts';
import { type Http, type HttpFault, headersOf } from '../../../src/protocol/http.ts';
import { remains } from '../../src/net/http-peers.ts';
import { connected, settled, until } from '../../src/net/peers.ts';
import { MemoryKafka } from './memory-kafka.ts';
import { ask, type Led, serving } from './peers.ts';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: this is how the format writes expressions

const PUT: Led = {
  when: [
    { method: 'PUT', path: '/items/{id}' },
    { method: 'DELETE', path: '/items/{id}' },
  ],
  with: { capability: 'produce', topic: 'items', key: '${params.id}', overrides: { by: 'x-${params.id}' } },
};
const POST: Led = {
  when: [{ method: 'POST', path: '/items' }],
  with: { capability: 'produce', topic: 'items', acks: 'leader', key: '${idempotencyKey}' },
};
const EVENTS: Led = { when: [{ path: '/events' }], with: { capability: 'produce', topic: 'events' } };

const shown = (headers: readonly { name: string; value: Uint8Array | null }[]) =>
  headers.map(({ name, value }) => `${name}=${Buffer.from(value ?? []).toString()}`);

describe('a request that is written', () => {
  it('is a record with its key, its content type and what overrides say, answered 204', async () => {
    const kafka = new MemoryKafka('items', 'events');
    const server = await serving(kafka, [PUT, POST, EVENTS]);

    expect(
      await ask(
        server.port,
        'PUT',
        '/items/a%20b',
        { 'Content-Type': 'text/plain', 'X-Other': '1', Cookie: 'c' },
        'hi',
      ),
    ).toMatchObject({ status: 204, body: '' });
    expect(await ask(server.port, 'POST', '/items', { 'Idempotency-Key': 'k' }, '1')).toMatchObject({ status: 204 });
    expect(await ask(server.port, 'POST', '/items', {}, '')).toMatchObject({ status: 204 });
    expect(await ask(server.port, 'GET', '/events')).toMatchObject({ status: 204 });

    const [first, second, third, fourth] = kafka.written;
    expect([first?.topic, first?.by, `${first?.key}`, first?.value, first?.length]).toEqual([
      'items',
      'all',
      'a b',
      'hi',
      2,
    ]);
    expect(shown(first?.headers ?? [])).toEqual(['content-type=text/plain', 'by=x-a b']);
    expect([second?.by, `${second?.key}`, second?.headers]).toEqual(['leader', 'k', []]);
    expect(`${third?.key}`).toMatch(/^[0-9a-f-]{36}$/);
    expect([third?.value, fourth?.key, fourth?.value]).toEqual(['', null, '']);
    expect(kafka.open).toEqual([]);
    await server.stop();
  });

  it('is a tombstone where it deletes', async () => {
    const kafka = new MemoryKafka('items');
    const server = await serving(kafka, [PUT]);

    expect((await ask(server.port, 'DELETE', '/items/a')).status).toBe(204);
    expect((await ask(server.port, 'DELETE', '/items/b', {}, 'why')).status).toBe(204);
    expect(kafka.written.map(({ key, value }) => [`${key}`, value])).toEqual([
      ['a', null],
      ['b', 'why'],
    ]);
    await server.stop();
  });

  it('is whole, however long, its length not known', async () => {
    const kafka = new MemoryKafka('events');
    kafka.window = 10_000;
    const server = await serving(kafka, [EVENTS]);
    const piece = 'x'.repeat(50_000);
    const chunk = `${piece.length.toString(16)}\r\n${piece}\r\n`;
    const body = `${chunk.repeat(20)}0\r\n\r\n`;

    expect((await ask(server.port, 'POST', '/events', { 'Transfer-Encoding': 'chunked' }, body)).status).toBe(204);
    expect(kafka.written[0]?.value).toBe(piece.repeat(20));
    expect(kafka.written[0]?.length).toBeUndefined();
    await server.stop();
  });

  it('stays with its client while Kafka takes no more of it', async () => {
    const kafka = new MemoryKafka('events');
    kafka.window = 10_000;
    kafka.stalls = true;
    // Who reads nothing of a connection does not see that its client left, either.
    const server = await serving(kafka, [EVENTS], { timeout: 5_000 });
    const client = await connected(server.port);
    client.write('POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n');
    let sent = 0;
    const write = (): void => {
      while (sent < 50_000_000) {
        sent += 100_000;
        if (!client.write(Buffer.alloc(100_000))) return void client.once('drain', write);
      }
    };
    write();
    // What the sockets of the two ends hold, and no more.
    expect(await settled(() => sent)).toBeLessThan(20_000_000);
    client.destroy();
    await until(() => kafka.open.length === 0);
    expect(kafka.written).toEqual([]);
    await server.stop();
  });

  it('is given up with 504 where Kafka takes nothing of it for too long', async () => {
    const kafka = new MemoryKafka('events');
    kafka.window = 10_000;
    kafka.stalls = true;
    const server = await serving(kafka, [EVENTS], { timeout: 50 });
    const client = await connected(server.port);
    const answer = remains(client);
    client.write(
      `POST /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 20000\r\n\r\n${'x'.repeat(20_000)}`,
    );

    expect(await answer).toMatch(/^HTTP\/1.1 504 /);
    await until(() => kafka.open.length === 0);
    client.destroy();
    await server.stop();
  });

  it('leaves nothing behind where its client leaves before it is whole', async () => {
    const kafka = new MemoryKafka('events');
    const server = await serving(kafka, [EVENTS]);
    const client = await connected(server.port);
    client.write('POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
    await until(() => kafka.open.length === 1);
    client.destroy();

    await until(() => kafka.open.length === 0);
    expect(kafka.written).toEqual([]);
    await server.stop();
  });

  it.each<[number, HttpFault & { readonly kafka?: { readonly code: number; readonly name: string } }]>([
    [404, { code: 'KAFKA_ERROR', message: '', kafka: { code: 3, name: 'UNKNOWN_TOPIC_OR_PARTITION' } }],
    [403, { code: 'KAFKA_ERROR', message: '', kafka: { code: 29, name: 'TOPIC_AUTHORIZATION_FAILED' } }],
    [413, { code: 'KAFKA_ERROR', message: '', kafka: { code: 10, name: 'MESSAGE_TOO_LARGE' } }],
    [413, { code: 'KAFKA_RECORD_TOO_LARGE', message: '' }],
    [400, { code: 'KAFKA_ERROR', message: '', kafka: { code: 87, name: 'INVALID_RECORD' } }],
    [503, { code: 'KAFKA_ERROR', message: '', kafka: { code: 19, name: 'NOT_ENOUGH_REPLICAS' } }],
    [504, { code: 'KAFKA_DELIVERY_TIMEOUT', message: '' }],
    [503, { code: 'KAFKA_DISCONNECTED', message: '' }],
    [503, { code: 'STAGE_FULL', message: '' }],
  ])('is answered with %s where it is refused with %j', async (status, fault) => {
    const kafka = new MemoryKafka('events');
    kafka.refuses = fault;
    const server = await serving(kafka, [EVENTS]);

    expect((await ask(server.port, 'POST', '/events', {}, 'x')).status).toBe(status);
    await server.stop();
  });

  it('is refused with a precondition, which nobody could say anything of', async () => {
    const kafka = new MemoryKafka('items');
    const server = await serving(kafka, [PUT]);

    expect((await ask(server.port, 'PUT', '/items/a', { 'If-Match': '"x"' }, '1')).status).toBe(412);
    expect((await ask(server.port, 'PUT', '/items/a', { 'If-None-Match': '*' }, '1')).status).toBe(412);
    expect(kafka.written).toEqual([]);
    await server.stop();
  });

  it('is refused by the path and the method', async () => {
    const server = await serving(new MemoryKafka('items'), [PUT, POST]);

    expect(await ask(server.port, 'GET', '/items/a')).toMatchObject({ status: 405, headers: { allow: 'PUT, DELETE' } });
    expect((await ask(server.port, 'PUT', '/else', {}, '1')).status).toBe(404);
    expect((await ask(server.port, 'PUT', '/items/%c0', {}, '1')).status).toBe(400);
    await server.stop();
  });
});

describe('a request that is of somebody', () => {
  const route = {
    when: [],
    with: { capability: 'produce', topic: "${guarded['g'].identity}-items", key: "${guarded['g'].attributes.a}" },
  } as const;
  const ask = (kafka: MemoryKafka, identities: readonly [string, Identity][]): Frame<Http['reply']>[] => {
    const frames: Frame<Http['reply']>[] = [];
    const opening = begin(
      { headers: headersOf({ ':method': 'PUT', ':path': '/' }), authorization: new Map(identities) },
      () => {},
    );
    const proxy = httpKafkaProxy({ routes: [{ ...route, exit: kafka.binding }] });
    NEVER.pipe(startWith(opening), proxy).subscribe((frame) => frames.push(frame));
    return frames;
  };

  it('is written where its identity says, and refused without one', async () => {
    const kafka = new MemoryKafka('alice-items');
    ask(kafka, [['g', { identity: 'alice', roles: [], attributes: { a: '1' } }]]);
    await until(() => kafka.open.length === 1);
    expect(kafka.open[0]?.topic).toBe('alice-items');
    expect(kafka.open[0]?.authorization?.get('g')?.identity).toBe('alice');

    for (const known of [[], [['g', { identity: 'alice', roles: [], attributes: {} }]]] as [string, Identity][][])
      expect(ask(kafka, known)).toMatchObject([{ kind: 'abort', ext: { code: 'HTTP_FORBIDDEN' } }]);
  });
});

describe('what cannot be', () => {
  const exit = new MemoryKafka().binding;

  it.each<[string, Led['with']]>([
    ['params that no path has', { capability: 'fetch', topic: '${params.none}' }],
    ['a key of an unknown name', { capability: 'produce', topic: 't', key: '${nothing}' }],
    ['a topic by idempotency key', { capability: 'produce', topic: '${idempotencyKey}' }],
    ['an answer later that comes from nowhere', { capability: 'produce', topic: 't', async: { location: '/' } }],
  ])('is refused when the proxy is made: %s', (_, made) => {
    const routes = [{ when: [{ path: '/{id}' }], with: made, exit }];
    expect(() => httpKafkaProxy({ routes })).toThrow('OPTION_INVALID');
  });

  it('is a proxy without routes, or without time', () => {
    expect(() => httpKafkaProxy({ routes: [] })).toThrow('routes must have one at least');
    expect(() => httpKafkaProxy({ routes: [{ ...EVENTS, exit }], timeout: 0 })).toThrow('timeout must be');
  });
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: this is how the format writes expressions
