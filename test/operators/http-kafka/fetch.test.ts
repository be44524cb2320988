import { connected, received, until } from '../../src/net/peers.ts';
import { MemoryKafka } from './memory-kafka.ts';
import { ask, type Led, serving } from './peers.ts';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: this is how the format writes expressions

const ITEM: Led = {
  when: [{ method: 'GET', path: '/items/{id}' }],
  with: { capability: 'fetch', topic: 'items', filters: [{ key: '${params.id}' }] },
};
const ITEMS: Led = {
  when: [{ path: '/items' }],
  with: { capability: 'fetch', topic: 'items', merge: { contentType: 'application/json' } },
};
const JSON_TYPE = { 'content-type': 'application/json' };

describe('the newest record of a topic that is asked for', () => {
  it('is its value, with its content type, length and tag', async () => {
    const kafka = new MemoryKafka('items');
    kafka.put('items', 'a', 'old');
    kafka.put('items', 'b', 'other');
    kafka.put('items', 'a', '{"n":1}', JSON_TYPE);
    const server = await serving(kafka, [ITEM]);

    const { status, headers, body } = await ask(server.port, 'GET', '/items/a?x=1');
    expect([status, body]).toEqual([200, '{"n":1}']);
    expect(headers).toMatchObject({ ...JSON_TYPE, 'content-length': '7', etag: '"topic-id.0.2"' });
    expect(await ask(server.port, 'HEAD', '/items/a')).toMatchObject({
      status: 200,
      headers: { 'content-length': '7', etag: '"topic-id.0.2"' },
      body: '',
    });
    expect(await ask(server.port, 'GET', '/items/a', {}, 'xyz')).toMatchObject({ status: 200 });
    expect(kafka.open).toEqual([]);
    await server.stop();
  });

  it('has the tag that it brings itself behind its own', async () => {
    const kafka = new MemoryKafka('items');
    kafka.put('items', 'a', '1', { etag: '"revision 42"' });
    const server = await serving(kafka, [ITEM]);

    expect((await ask(server.port, 'GET', '/items/a')).headers.etag).toBe('"topic-id.0.0/revision%2042"');
    await server.stop();
  });

  it('is not there without a record, with a tombstone, and in a topic that is none', async () => {
    const kafka = new MemoryKafka('items');
    kafka.put('items', 'gone', 'x');
    kafka.put('items', 'gone', null);
    kafka.put('items', 'empty', '', JSON_TYPE);
    const nowhere: Led = { when: [{ path: '/nowhere' }], with: { capability: 'fetch', topic: 'nowhere' } };
    const server = await serving(kafka, [ITEM, nowhere]);

    expect((await ask(server.port, 'GET', '/items/nothing')).status).toBe(404);
    expect((await ask(server.port, 'GET', '/items/gone')).status).toBe(404);
    expect((await ask(server.port, 'GET', '/nowhere')).status).toBe(404);
    expect(await ask(server.port, 'GET', '/items/empty')).toMatchObject({ status: 204, headers: JSON_TYPE, body: '' });
    await server.stop();
  });

  it('is 502 with a content type that http cannot carry', async () => {
    const kafka = new MemoryKafka('items');
    kafka.put('items', 'a', '1', { 'content-type': 'text/plain\r\nset-cookie: a=b' });
    const server = await serving(kafka, [ITEM]);

    const { status, headers } = await ask(server.port, 'GET', '/items/a');
    expect([status, headers['set-cookie']]).toEqual([502, undefined]);
    await server.stop();
  });

  it('is not sent to a client that has it', async () => {
    const kafka = new MemoryKafka('items');
    kafka.put('items', 'a', '1');
    const server = await serving(kafka, [ITEM]);

    for (const tags of ['"topic-id.0.0"', 'topic-id.0.0', '"x", W/"topic-id.0.0"', '*'])
      expect(await ask(server.port, 'GET', '/items/a', { 'If-None-Match': tags })).toMatchObject({
        status: 304,
        body: '',
      });
    expect((await ask(server.port, 'GET', '/items/a', { 'If-None-Match': '"other"' })).status).toBe(200);
    expect((await ask(server.port, 'GET', '/items/gone', { 'If-None-Match': '"topic-id.0.0"' })).status).toBe(404);
    await server.stop();
  });

  it('is waited for by a client that would, until it is there or its time is over', async () => {
    const kafka = new MemoryKafka('items');
    const server = await serving(kafka, [ITEM]);

    const first = ask(server.port, 'GET', '/items/a', { Prefer: 'wait=30' });
    await until(() => kafka.open.length === 1);
    kafka.put('items', 'b', 'other');
    kafka.put('items', 'a', '1');
    expect(await first).toMatchObject({ status: 200, body: '1' });
    expect(await ask(server.port, 'GET', '/items/a', { Prefer: 'wait=30' })).toMatchObject({ status: 200, body: '1' });

    const known = { 'If-None-Match': '"topic-id.0.1"' };
    const second = ask(server.port, 'GET', '/items/a', { ...known, Prefer: 'respond-async, wait=30' });
    await until(() => kafka.open.length === 1);
    kafka.put('items', 'a', '2');
    expect(await second).toMatchObject({ status: 200, body: '2' });

    const third = ask(server.port, 'GET', '/items/a', { 'If-None-Match': '"topic-id.0.2"', Prefer: 'wait=30' });
    await until(() => kafka.open.length === 1);
    kafka.put('items', 'a', null);
    expect((await third).status).toBe(404);

    kafka.put('items', 'a', '3');
    const timed = { 'If-None-Match': '"topic-id.0.4"', Prefer: 'wait=1' };
    expect((await ask(server.port, 'GET', '/items/a', timed)).status).toBe(304);
    expect((await ask(server.port, 'GET', '/items/none', { Prefer: 'wait=0' })).status).toBe(404);
    await until(() => kafka.open.length === 0);
    await server.stop();
  });

  it('is told as it is to clients that would wait for longer than the server is there', async () => {
    const kafka = new MemoryKafka('items');
    const server = await serving(kafka, [ITEM, ITEMS], {}, 30_000);
    kafka.put('items', 'a', '1');
    const { headers } = await ask(server.port, 'GET', '/items');
    const waiting = Promise.all([
      ask(server.port, 'GET', '/items/a', { 'If-None-Match': '"topic-id.0.0"', Prefer: 'wait=1000' }),
      ask(server.port, 'GET', '/items/b', { Prefer: 'wait=1000' }),
      ask(server.port, 'GET', '/items', { 'If-None-Match': `${headers.etag}`, Prefer: 'wait=1000' }),
    ]);
    await until(() => kafka.open.length === 3 && kafka.opened.length === 5);
    const stopped = server.stop();
    expect((await waiting).map(({ status }) => status)).toEqual([304, 404, 304]);
    await stopped;
  });

  it('is let go with a client that leaves while it waits', async () => {
    const kafka = new MemoryKafka('items');
    const server = await serving(kafka, [ITEM]);
    const clients = await Promise.all(Array.from({ length: 50 }, () => connected(server.port)));
    for (const client of clients) client.write('GET /items/a HTTP/1.1\r\nHost: x\r\nPrefer: wait=1000\r\n\r\n');
    await until(() => kafka.open.length === 50);

    for (const client of clients) client.destroy();
    await until(() => kafka.open.length === 0);
    await server.stop();
  });

  it('is 504 where Kafka does not say in time what there is', async () => {
    const kafka = new MemoryKafka('items');
    kafka.silent = true;
    const server = await serving(kafka, [ITEM, ITEMS], { timeout: 50 });

    expect((await ask(server.port, 'GET', '/items/a')).status).toBe(504);
    expect((await ask(server.port, 'GET', '/items/a', { Prefer: 'wait=1' })).status).toBe(504);
    expect((await ask(server.port, 'GET', '/items')).status).toBe(504);
    expect(kafka.open).toEqual([]);
    await server.stop();
  });
});

describe('all records of a topic', () => {
  it('are one JSON array, without tombstones and what is empty', async () => {
    const kafka = new MemoryKafka('items');
    const server = await serving(kafka, [ITEMS]);

    expect(await ask(server.port, 'GET', '/items')).toMatchObject({ status: 200, headers: JSON_TYPE, body: '[]' });
    kafka.put('items', 'a', '{"a":1}');
    kafka.put('items', 'b', null);
    kafka.put('items', 'c', '');
    kafka.put('items', 'd', '"d"');
    expect((await ask(server.port, 'GET', '/items')).body).toBe('[{"a":1},"d"]');
    await server.stop();
  });

  it('are whole, however large and however slow the client', async () => {
    const kafka = new MemoryKafka('items');
    const list = Array.from({ length: 300 }, (_, n) => `${n}`.repeat(n % 10 === 0 ? 20_000 : 10));
    for (const text of list) kafka.put('items', null, JSON.stringify(text));
    const server = await serving(kafka, [ITEMS]);

    // HTTP/1.0 has no chunks: that it is whole, nothing but the end of the connection says.
    const slowly = async (delay: number) => {
      const slow = await connected(server.port);
      slow.write('GET /items HTTP/1.0\r\n\r\n');
      await new Promise((resolve) => setTimeout(resolve, delay));
      const answer = await received(slow);
      slow.destroy();
      return answer.subarray(answer.indexOf('\r\n\r\n') + 4).toString();
    };
    for (const body of await Promise.all(Array.from({ length: 50 }, (_, n) => slowly(n * 5))))
      expect(JSON.parse(body)).toEqual(list);

    const gone = await connected(server.port);
    gone.write('GET /items HTTP/1.1\r\nHost: x\r\n\r\n');
    gone.once('data', () => gone.destroy());
    await until(() => gone.destroyed && kafka.open.length === 0);
    await server.stop();
  });

  it('are not sent to a client that has them, and waited for by one that would', async () => {
    const kafka = new MemoryKafka('items');
    kafka.put('items', 'a', '1');
    const server = await serving(kafka, [ITEMS]);
    const { etag = '' } = (await ask(server.port, 'GET', '/items')).headers;
    const known = { 'If-None-Match': etag };

    expect(await ask(server.port, 'GET', '/items', known)).toMatchObject({ status: 304, headers: { etag }, body: '' });
    expect(await ask(server.port, 'GET', '/items', { ...known, Prefer: 'wait=1' })).toMatchObject({ status: 304 });
    const waiting = ask(server.port, 'GET', '/items', { ...known, Prefer: 'wait=30' });
    await until(() => kafka.open.some(({ until }) => until === undefined));
    kafka.put('items', 'b', '2');
    const { status, headers, body } = await waiting;
    expect([status, body, headers.etag === etag]).toEqual([200, '[1,2]', false]);
    await until(() => kafka.open.length === 0);
    await server.stop();
  });

  it('are read only', async () => {
    const server = await serving(new MemoryKafka('items'), [ITEMS, ITEM]);

    expect(await ask(server.port, 'POST', '/items', {}, '1')).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
    expect(await ask(server.port, 'POST', '/items/a', {}, '1')).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
    expect((await ask(server.port, 'GET', '/else')).status).toBe(404);
    expect((await ask(server.port, 'GET', '/items/%zz')).status).toBe(400);
    await server.stop();
  });
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: this is how the format writes expressions
