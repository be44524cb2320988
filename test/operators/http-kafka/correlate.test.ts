import { inlineGuard } from '../../../src/guards/inline.ts';
import { correlationOf } from '../../../src/http-kafka/request-record.ts';
import { connected, until } from '../../src/net/peers.ts';
import { MemoryKafka, type Written } from './memory-kafka.ts';
import { ask, type Led, serving } from './peers.ts';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: this is how the format writes expressions

const COMMANDS: Led = {
  when: [
    { method: 'PUT', path: '/items/{id}' },
    { method: 'DELETE', path: '/items/{id}' },
    { method: 'GET', path: '/items/{id};cid={correlationId}' },
  ],
  with: {
    capability: 'produce',
    topic: 'requests',
    key: '${params.id}',
    overrides: { kind: 'item' },
    replyTo: 'replies',
    async: { location: '/items/${params.id};cid=${correlationId}', 'x-id': '${correlationId}' },
  },
};

const headerOf = (record: Written | undefined, name: string): string =>
  `${record?.headers.find((header) => header.name === name)?.value ?? ''}`;
const idOf = (record: Written | undefined): string => headerOf(record, 'zilla:correlation-id');

describe('a request that is replied to', () => {
  it('is a record with its headers and without its secrets, and is answered by the reply that brings its id', async () => {
    const kafka = new MemoryKafka('requests', 'replies');
    const server = await serving(kafka, [COMMANDS]);
    const headers = {
      'Content-Type': 'text/plain',
      'Idempotency-Key': 'k',
      'X-Other': '1',
      Prefer: 'wait=30',
      Authorization: 'secret',
      Cookie: 'secret',
      'If-Match': '"id.0.1/revision%201"',
    };
    const asked = ask(server.port, 'PUT', '/items/a%20b?q=1', headers, 'hi');
    await until(() => kafka.written.length === 1);
    const [record] = kafka.written;
    expect(`${record?.key}`).toBe('a b');
    expect(record?.value).toBe('hi');
    expect(record?.headers.map(({ name, value }) => `${name}=${value}`).sort()).toEqual([
      ':authority=x',
      ':method=PUT',
      ':path=/items/a%20b?q=1',
      ':scheme=http',
      'content-type=text/plain',
      'idempotency-key=k',
      'if-match=revision 1',
      'kind=item',
      'x-other=1',
      expect.stringMatching(/^zilla:correlation-id=k-[0-9a-f]{32}-[0-9a-f]{16}$/),
      'zilla:reply-to=replies',
    ]);

    kafka.put('replies', null, 'other', { 'zilla:correlation-id': 'other' });
    kafka.put('replies', null, 'done', { ':status': '201', 'X-Made': 'y', 'zilla:correlation-id': idOf(record) });
    const { status, headers: found, body } = await asked;
    expect([status, body]).toEqual([201, 'done']);
    expect(found).toMatchObject({ 'x-made': 'y', 'content-length': '4' });
    expect(Object.keys(found)).not.toContain('zilla:correlation-id');
    await server.stop();
  });

  it.each([['correlation'], ['request-id']])(
    'does not say by its headers what is for the proxy to say in %s',
    async (correlationId) => {
      const kafka = new MemoryKafka('requests', 'replies');
      const route = { ...COMMANDS, with: { ...COMMANDS.with, correlationId } };
      const server = await serving(kafka, [route as Led], {
        headers: { replyTo: 'Reply-To', correlationId: 'correlation' },
      });
      const forged = { 'Reply-To': 'audit', Correlation: 'forged', Kind: 'forged', 'X-Other': '1' };
      const asked = ask(server.port, 'PUT', '/items/a', forged, 'x');
      await until(() => kafka.written.length === 1);
      const [record] = kafka.written;
      const said = (name: string) =>
        record?.headers.flatMap((header) => (header.name.toLowerCase() === name ? `${header.value}` : []));

      expect(['reply-to', 'kind', 'x-other'].map(said)).toEqual([['replies'], ['item'], ['1']]);
      const [id, ...others] = said(correlationId) ?? [];
      expect([others, said('correlation')]).toEqual([[], correlationId === 'correlation' ? [id] : []]);
      expect(id).not.toBe('forged');
      kafka.put('replies', null, 'done', { correlation: id ?? '' });
      expect(await asked).toMatchObject({ status: 200, body: 'done' });
      await server.stop();
    },
  );

  it('has the same id when it is repeated with its key, and is answered by what there is', async () => {
    const kafka = new MemoryKafka('requests', 'replies');
    const server = await serving(kafka, [COMMANDS]);
    const again = (path: string, key: string, more = {}) =>
      ask(server.port, 'PUT', path, { 'Idempotency-Key': key, ...more }, 'x');
    const first = again('/items/a', 'k');
    await until(() => kafka.written.length === 1);
    kafka.put('replies', null, 'done', { 'zilla:correlation-id': idOf(kafka.written[0]) });
    expect(await first).toMatchObject({ status: 200, body: 'done' });

    expect(await again('/items/a', 'k', { Traceparent: 'other' })).toMatchObject({ status: 200, body: 'done' });
    expect(kafka.written.map(idOf)[1]).toBe(idOf(kafka.written[0]));
    const others = [
      again('/items/b', 'k'),
      again('/items/a', 'l'),
      ask(server.port, 'DELETE', '/items/a', { 'Idempotency-Key': 'k' }),
    ];
    await until(() => kafka.written.length === 5);
    expect(new Set(kafka.written.map(idOf)).size).toBe(4);
    expect(kafka.written.at(-1)).toMatchObject({ value: '' });
    for (const record of kafka.written.slice(2))
      kafka.put('replies', null, '', { 'zilla:correlation-id': idOf(record) });
    await Promise.all(others);
    await server.stop();
  });

  it('is answered by no reply that is older than replies are looked for', async () => {
    const kafka = new MemoryKafka('requests', 'replies');
    const server = await serving(kafka, [COMMANDS], { lookBack: 60_000 });
    const [old, young] = [Date.now() - 61_000, Date.now() - 59_000];
    const id = correlationOf('k', [], undefined, []);
    kafka.put('replies', null, 'old', { 'zilla:correlation-id': id }, old);
    expect(await ask(server.port, 'GET', `/items/a;cid=${id}`)).toMatchObject({ status: 202 });
    kafka.put('replies', null, 'young', { 'zilla:correlation-id': id }, young);
    expect(await ask(server.port, 'GET', `/items/a;cid=${id}`)).toMatchObject({ status: 200, body: 'young' });
    await server.stop();
  });

  it('shares the topic of replies with any number of others, each of which gets its own', async () => {
    const kafka = new MemoryKafka('requests', 'replies');
    const server = await serving(kafka, [COMMANDS]);
    const asked = Array.from({ length: 200 }, (_, n) => ask(server.port, 'PUT', `/items/${n}`, {}, `${n}`));
    await until(() => kafka.written.length === 200);
    expect(kafka.opened.filter(({ capabilities }) => capabilities === 'fetch')).toHaveLength(1);

    for (const record of [...kafka.written].reverse())
      kafka.put('replies', null, `re ${record.value}`, { 'zilla:correlation-id': idOf(record) });
    expect((await Promise.all(asked)).map(({ body }) => body)).toEqual(
      Array.from({ length: 200 }, (_, n) => `re ${n}`),
    );
    await server.stop();
  });

  it('is let go with its client', async () => {
    const kafka = new MemoryKafka('requests', 'replies');
    const server = await serving(kafka, [COMMANDS]);
    const client = await connected(server.port);
    client.write('PUT /items/a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
    await until(() => kafka.written.length === 1);
    client.destroy();
    await until(() => kafka.open.length === 1);
    expect(kafka.open[0]).toMatchObject({ topic: 'replies', from: { default: 'latest' } });
    kafka.put('replies', null, 'late', { 'zilla:correlation-id': idOf(kafka.written[0]) });
    await server.stop();
  });

  it.each([
    ['a status that is none', { ':status': 'abc' }],
    ['a status of no answer', { ':status': '100' }],
    ['a header that is two', { 'x-a': 'b\r\nx-c: d' }],
    ['a name that is none', { 'x a': 'b' }],
  ])('is answered with 502 where the reply has %s', async (_, headers) => {
    const kafka = new MemoryKafka('requests', 'replies');
    const server = await serving(kafka, [COMMANDS]);
    const asked = ask(server.port, 'PUT', '/items/a', {}, 'x');
    await until(() => kafka.written.length === 1);
    kafka.put('replies', null, 'x', { ...headers, 'zilla:correlation-id': idOf(kafka.written[0]) } as Record<
      string,
      string
    >);
    expect(await asked).toMatchObject({ status: 502, body: '' });
    await server.stop();
  });

  it('is 404 where there is no topic to reply to, and 504 where that is not read or nobody replies in time', async () => {
    const kafka = new MemoryKafka('requests');
    const server = await serving(kafka, [COMMANDS], { timeout: 60 });
    expect((await ask(server.port, 'PUT', '/items/a', {}, 'x')).status).toBe(404);
    kafka.silent = true;
    expect((await ask(server.port, 'PUT', '/items/a', {}, 'x')).status).toBe(504);
    expect(kafka.written).toEqual([]);
    await server.stop();

    const other = new MemoryKafka('requests', 'replies');
    const waiting = await serving(other, [COMMANDS]);
    expect((await ask(waiting.port, 'PUT', '/items/a', { Prefer: 'wait=1' }, 'x')).status).toBe(504);
    expect(other.written).toHaveLength(1);
    await waiting.stop();
  });
});

describe('a request whose client would rather not wait', () => {
  it('is accepted once it is written, and answered where it says', async () => {
    const kafka = new MemoryKafka('requests', 'replies');
    const server = await serving(kafka, [COMMANDS]);
    const accepted = await ask(
      server.port,
      'PUT',
      '/items/a%2Fb',
      { Prefer: 'respond-async', 'Idempotency-Key': '1 / 2' },
      'x',
    );
    const id = idOf(kafka.written[0]);
    const location = `/items/a%2Fb;cid=${encodeURIComponent(id)}`;
    expect(accepted).toMatchObject({ status: 202, headers: { location, 'x-id': encodeURIComponent(id) }, body: '' });

    expect(await ask(server.port, 'GET', location)).toMatchObject({ status: 202, headers: { location } });
    expect(await ask(server.port, 'GET', location, { Prefer: 'wait=1' })).toMatchObject({
      status: 202,
      headers: { location },
    });
    const waiting = ask(server.port, 'GET', location, { Prefer: 'wait=30' });
    await until(() => kafka.opened.length === 5 && kafka.open.length === 1);
    kafka.put('replies', null, null, { ':status': '204', 'zilla:correlation-id': id });
    expect(await waiting).toMatchObject({ status: 204, body: '' });
    expect(await ask(server.port, 'GET', location)).toMatchObject({ status: 204 });
    expect(kafka.written).toHaveLength(1);
    await server.stop();
  });

  it('is answered if that takes no longer than it would wait', async () => {
    const kafka = new MemoryKafka('requests', 'replies');
    const server = await serving(kafka, [COMMANDS]);
    const soon = ask(server.port, 'PUT', '/items/a', { Prefer: 'respond-async, wait=30' }, 'x');
    await until(() => kafka.written.length === 1);
    kafka.put('replies', null, 'done', { 'zilla:correlation-id': idOf(kafka.written[0]) });
    expect(await soon).toMatchObject({ status: 200, body: 'done' });
    expect((await ask(server.port, 'PUT', '/items/a', { Prefer: 'respond-async, wait=1' }, 'x')).status).toBe(202);
    await server.stop();
  });

  it('is answered to nobody else, who may well know its key and what it asked for', async () => {
    const kafka = new MemoryKafka('requests', 'replies');
    const credentials = { headers: { authorization: '{credentials}' } };
    const guard = inlineGuard({ format: '{identity}:{credentials}' });
    const server = await serving(kafka, [COMMANDS], {}, 0, { authorization: { g: { guard, credentials } } });
    const as = (who: string, method: string, path: string, more = {}) =>
      ask(server.port, method, path, { Authorization: `${who}:secret`, ...more }, method === 'PUT' ? 'x' : undefined);
    const { headers } = await as('alice', 'PUT', '/items/a', { Prefer: 'respond-async', 'Idempotency-Key': '1' });
    const { location = '' } = headers;
    kafka.put('replies', null, 'hers', { 'zilla:correlation-id': idOf(kafka.written[0]) });

    expect(await as('bob', 'GET', location)).toMatchObject({ status: 404, body: '' });
    expect(await ask(server.port, 'GET', location)).toMatchObject({ status: 404, body: '' });
    expect(await as('alice', 'GET', location)).toMatchObject({ status: 200, body: 'hers' });
    await server.stop();
  });

  it('is accepted when the server stops, where it can be asked for again, and else has the time that is left', async () => {
    const kafka = new MemoryKafka('requests', 'replies');
    const server = await serving(kafka, [COMMANDS], {}, 30_000);
    const accepted = ask(server.port, 'PUT', '/items/a', { Prefer: 'respond-async, wait=1000' }, 'x');
    const answered = ask(server.port, 'PUT', '/items/b', { Prefer: 'wait=1000' }, 'x');
    await until(() => kafka.written.length === 2);
    const stopped = server.stop();
    expect((await accepted).status).toBe(202);
    const command = kafka.written.find(({ key }) => `${key}` === 'b');
    kafka.put('replies', null, 'done', { 'zilla:correlation-id': idOf(command) });
    expect(await answered).toMatchObject({ status: 200, body: 'done' });
    await stopped;
  });
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: this is how the format writes expressions
