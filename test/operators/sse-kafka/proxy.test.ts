// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how the format writes expressions
import { of } from 'rxjs';
import { cacheClient } from '../../../operators/kafka/cache-client.ts';
import { type SseKafkaRoute, sseKafkaProxy } from '../../../operators/sse-kafka/proxy.ts';
import { emitter } from '../../../src/emitter.ts';
import { abort, type Following, flush } from '../../../src/frame.ts';
import { statusOf } from '../../../src/protocol/http.ts';
import type { Kafka } from '../../../src/protocol/kafka.ts';
import type { SseBegin } from '../../../src/protocol/sse.ts';
import type { Binding } from '../../../src/protocol.ts';
import { records } from '../../../src/run.ts';
import { Turns } from '../../../src/testing/index.ts';
import type { Written } from '../../src/log/memory-log.ts';
import { until } from '../../src/net/peers.ts';
import { LogExit } from '../kafka/log-exit.ts';
import { Listener } from './listener.ts';

const keys = (letters: string): Written[] => [...letters].map((key) => ({ key }));
const header = (name: string, value: string) => ({ name, value: Buffer.from(value) });

const ROUTES: readonly SseKafkaRoute[] = [
  { when: [{ path: '/topic' }], with: { topic: 'topic' } },
  { when: [{ path: '/keyed' }], with: { topic: 'topic', event: { id: '["${base64(key)}","${etag}"]' } } },
  {
    when: [{ path: '/topic/{key}/{tag}' }],
    with: { topic: 'topic', filters: [{ key: '${params.key}', headers: { tag: '${params.tag}' } }] },
  },
  { when: [{ path: '/mine' }], with: { topic: 'topic', filters: [{ key: "${guarded['jwt'].identity}" }] } },
  { when: [{ path: '/any/{topic}' }], with: { topic: '${params.topic}' } },
];

const serving = (leaders: readonly number[] = [1], window?: number) => {
  const turns = new Turns();
  const exit = new LogExit(leaders, turns);
  const kafka = cacheClient(exit.binding, { scheduler: turns });
  const binding = sseKafkaProxy({ routes: ROUTES, ...(window && { window }) }, turns)(kafka);
  const settle = (): void => {
    while (turns.turn());
  };
  return {
    exit,
    settle,
    listen: (path: string, more: Partial<SseBegin> = {}, credit?: number) =>
      new Listener(binding, { path, ...more }, credit),
  };
};

describe('an sse-kafka proxy', () => {
  it('should send records as events, deletes with their key, from history into what comes', () => {
    const { exit, listen } = serving();
    exit.logs[0]?.append([
      { key: 'a', value: 'one' },
      { key: null, value: null },
    ]);
    const client = listen('/topic');
    exit.logs[0]?.append([
      { key: 'ü?>', value: null },
      { key: 'b', value: '' },
    ]);
    expect(client.got).toEqual(['message one', 'delete ', 'delete w7w_Pg==', 'message ']);
    expect(client.ids).toEqual(['an-id.0:1', 'an-id.0:2', 'an-id.0:3', 'an-id.0:4']);
  });

  it('should put the key and the tag of a record into its id, if they can be part of one', () => {
    const { exit, listen } = serving();
    exit.logs[0]?.append([
      { key: 'a', headers: [header('etag', '7')] },
      { key: null },
      { key: 'b', headers: [header('etag', 'no"\n')] },
      { key: 'k'.repeat(7_000) },
    ]);
    expect(listen('/keyed').ids).toEqual([
      '["YQ==","an-id.0:1/7"]',
      '[null,"an-id.0:2"]',
      '["Yg==","an-id.0:3"]',
      '[null,"an-id.0:4"]',
    ]);
    expect(listen('/topic').ids[0]).toBe('an-id.0:1/7');
  });

  it('should go on right behind the last event that a client had, in every partition', () => {
    const { exit, listen } = serving([1, 1]);
    exit.logs[0]?.append(keys('ab'));
    exit.logs[1]?.append(keys('c'));
    const client = listen('/topic');
    expect(client.got).toEqual(['message a', 'message b', 'message c']);
    expect(client.ids).toEqual(['an-id.1:0.0:1', 'an-id.1:0.0:2', 'an-id.0:2.1:1']);
    const behind = client.ids.map((lastEventId) => listen('/topic', { lastEventId: lastEventId as string }).got);
    expect(behind).toEqual([['message b', 'message c'], ['message c'], []]);
    exit.logs[0]?.append(keys('d'));
    for (const form of ['an-id.0:2.1:1/tag', '["YQ==","an-id.0:2.1:1"]', '[null,"an-id.0:2.1:1/tag"]', '.0:2.1:1'])
      expect(listen('/topic', { lastEventId: form }).got).toEqual(['message d']);
  });

  it('should tell where a client is before it is sent anything', () => {
    const { exit, listen } = serving();
    exit.from = 'latest';
    exit.logs[0]?.append(keys('ab'));
    const client = listen('/topic');
    expect([client.got, client.lastEventId]).toEqual([[], 'an-id.0:2']);
    client.leave();
    exit.logs[0]?.append(keys('c'));
    expect(listen('/topic', { lastEventId: client.lastEventId as string }).got).toEqual(['message c']);
  });

  it('should move the id past what a filter leaves out', () => {
    const { exit, listen, settle } = serving();
    const client = listen('/topic/a/x');
    exit.logs[0]?.append(keys('bcd'));
    settle();
    expect([client.got, client.lastEventId]).toEqual([[], 'an-id.0:3']);
  });

  it('should filter by key and header, escapes of the path resolved', () => {
    const { exit, listen } = serving();
    const tags = (tag: string) => [header('tag', tag)];
    exit.logs[0]?.append([
      { key: 'a/b', value: '1', headers: tags('x') },
      { key: 'a/b', value: '2', headers: tags('y') },
      { key: 'c', value: '3', headers: tags('x') },
    ]);
    expect(listen('/topic/a%2Fb/y').got).toEqual(['message 2']);
    expect(listen('/topic/c/x').got).toEqual(['message 3']);
    expect(listen('/topic/c/y').got).toEqual([]);
  });

  it('should fill in who asks, and refuse whom nobody knows', () => {
    const { exit, listen } = serving();
    exit.logs[0]?.append(keys('ab'));
    const jwt = { identity: 'b', roles: [], attributes: {} };
    expect(listen('/mine', { authorization: new Map([['jwt', jwt]]) }).got).toEqual(['message b']);
    for (const authorization of [undefined, new Map(), new Map([['jwt', { ...jwt, identity: undefined }]])]) {
      const client = listen('/mine', authorization === undefined ? {} : { authorization });
      expect([client.hasBegun, statusOf(client.fault)]).toEqual([false, 403]);
    }
  });

  it.each([
    ['/unknown', 404],
    ['/topic/', 404],
    ['/topic/a', 404],
    ['/topic/%/x', 400],
    ['/topic/%ff/x', 400],
    ['/any/a%2Fb', 404],
    ['/any/..', 404],
    [`/any/${'x'.repeat(250)}`, 404],
  ])('should refuse %s', (path, status) => {
    const client = serving().listen(path);
    expect([client.hasBegun, client.ended, statusOf(client.fault)]).toEqual([false, 'abort', status]);
  });

  it.each([
    ['UNKNOWN_TOPIC_OR_PARTITION', 404],
    ['TOPIC_AUTHORIZATION_FAILED', 403],
    ['UNKNOWN_SERVER_ERROR', 503],
  ])('should answer with the status of %s', (name, status) => {
    const kafka: Binding<Kafka> = () => of(abort({ code: 'KAFKA_ERROR', message: '', kafka: { code: 1, name } }));
    const client = new Listener(sseKafkaProxy({ routes: ROUTES })(kafka), { path: '/topic' });
    expect([client.ended, statusOf(client.fault)]).toEqual(['abort', status]);
  });

  it('should abort when the exit completes without a word', () => {
    const kafka: Binding<Kafka> = () => of();
    const client = new Listener(sseKafkaProxy({ routes: ROUTES })(kafka), { path: '/topic' });
    expect(client.fault).toMatchObject({ code: 'KAFKA_CLOSED' });
  });

  it.each(['nonsense', 'an-id.0', 'an-id.0:x', 'an-id.0:9223372036854775808', 'an-id.2147483648:0', '[1]', '["'])(
    'should begin anew for the id %s, and say so',
    (lastEventId) => {
      const { exit, listen } = serving();
      exit.logs[0]?.append(keys('a'));
      const client = listen('/topic', { lastEventId });
      expect(client.got).toEqual(['gap {"topic":"topic","reason":"unknown-id"}', 'message a']);
      expect(client.ids).toEqual(['an-id.0:0', 'an-id.0:1']);
    },
  );

  it('should begin as if there was none for an id that is empty', () => {
    const { exit, listen } = serving();
    exit.logs[0]?.append(keys('a'));
    expect(listen('/topic', { lastEventId: '' }).got).toEqual(['message a']);
  });

  it('should read a topic from its start that was made again while a client was away, and say so', () => {
    const { exit, listen } = serving();
    exit.logs[0]?.append(keys('ab'));
    const client = listen('/topic', { lastEventId: 'another.0:7' });
    expect(client.got).toEqual([
      'gap {"topic":"topic","partition":0,"from":7,"to":7,"reason":"recreated"}',
      'message a',
      'message b',
    ]);
    expect(client.ids).toEqual(['an-id.0:0', 'an-id.0:1', 'an-id.0:2']);
  });

  it('should tell of each partition as a client has credit for it', () => {
    const { exit, listen } = serving([1, 1, 1]);
    exit.logs[0]?.append(keys('a'));
    const client = listen('/topic', { lastEventId: 'another.0:7.1:8.2:9' }, 1);
    expect(client.got).toHaveLength(1);
    client.grant(client.runs[0]?.bytes.byteLength as number);
    expect(client.got).toHaveLength(2);
    client.grant(1_000);
    expect(client.got.map((event) => event.split(' ', 1)[0])).toEqual(['gap', 'gap', 'gap', 'message']);
    // Who leaves between them is told of all again.
    expect(client.ids.slice(0, 3)).toEqual([undefined, undefined, 'an-id.0:0.1:0.2:0']);
  });

  it('should not be made to say a lot by an id that is longer than those of its own', () => {
    const { exit, listen } = serving();
    exit.logs[0]?.append(keys('a'));
    const lastEventId = `another${Array.from({ length: 2_000 }, (_, partition) => `.${partition}:1`).join('')}`;
    expect(listen('/topic', { lastEventId }).got).toEqual(['gap {"topic":"topic","reason":"unknown-id"}', 'message a']);
  });

  it('should tell what a client missed, with the id behind it', () => {
    const { exit, listen } = serving();
    exit.logs[0]?.append(keys('abc'));
    exit.logs[0]?.retain(2n);
    const client = listen('/topic', { lastEventId: 'an-id.0:1' });
    expect(client.got).toEqual([
      'gap {"topic":"topic","partition":0,"from":1,"to":2,"reason":"retention"}',
      'message c',
    ]);
    expect(client.ids).toEqual(['an-id.0:2', 'an-id.0:3']);
  });

  it('should go on in a topic that is made again while a client listens', () => {
    const { exit, listen } = serving([1, 1]);
    exit.logs[0]?.append(keys('abc'));
    const client = listen('/topic');
    exit.logs[0]?.recreate();
    exit.logs[0]?.append(keys('x'));
    // What it still gets of the former topic does not move it.
    exit.logs[1]?.append(keys('y'));
    expect(client.got.slice(3)).toEqual([
      'gap {"topic":"topic","partition":0,"from":3,"to":3,"reason":"recreated"}',
      'message x',
      'message y',
    ]);
    expect(client.ids.slice(3)).toEqual(['id-1.0:0', 'id-1.0:1', undefined]);
  });

  it('should conflate for a client that takes nothing, and hold no more than its window', () => {
    const { exit, listen } = serving([1], 4);
    const client = listen('/topic', {}, 0);
    for (let round = 0; round < 1_000; round += 1) exit.logs[0]?.append(keys('ab'));
    client.grant(1_000_000);
    expect(client.got.length).toBeLessThanOrEqual(4 + 2);
    expect(client.lastEventId).toBe('an-id.0:2000');
  });

  it('should send no more than a client has credit for', () => {
    const { exit, listen } = serving();
    exit.logs[0]?.append(keys('abcdef'));
    const client = listen('/topic', {}, 1);
    const size = client.runs[0]?.bytes.byteLength as number;
    expect(client.got).toEqual(['message a']);
    client.grant(size * 2);
    expect(client.got).toEqual(['message a', 'message b', 'message c']);
    client.grant(1_000);
    expect(client.got).toHaveLength(6);
  });

  it('should encode what is sent once for all clients that are as far and have the same filter', () => {
    const { exit, listen } = serving();
    const all = [listen('/topic'), listen('/topic')];
    const some = [listen('/topic/a/x'), listen('/topic/a/x')];
    const keyed = listen('/keyed');
    exit.logs[0]?.append([
      { key: 'a', headers: [header('tag', 'x')] },
      { key: 'a', value: 'b', headers: [header('tag', 'x')] },
    ]);
    const [first, second] = all.map(({ runs }) => runs[0]);
    expect(first).toBe(second);
    const [third, fourth] = some.map(({ runs }) => runs[0]);
    expect(third?.bytes.buffer).toBe(fourth?.bytes.buffer);
    expect(keyed.runs[0]?.bytes.buffer).not.toBe(first?.bytes.buffer);
  });

  it('should refuse a topic whose ids would be longer than 8 KB', () => {
    const { exit, listen } = serving(Array.from({ length: 1_200 }, () => 1));
    exit.logs[0]?.append(keys('a'));
    const client = listen('/topic');
    expect([client.hasBegun, client.fault?.code]).toEqual([false, 'SSE_ID_TOO_LONG']);
    expect(listen('/topic').fault?.message).toMatch(/topic has more partitions than fit/);
  });

  it.each<[string, (partition: number) => Following<Kafka['reply']>]>([
    ['records', (partition) => records([{ ...tombstone, partition }])],
    ['gaps', (partition) => flush({ mark: 'gap', partition, from: 0n, to: 1n, reason: 'retention' })],
  ])('should abort when %s of partitions that are found later make ids longer than that', async (_name, frameOf) => {
    const partitions = [{ partition: 0, offset: 0n, lastStableOffset: 0n, highWatermark: 0n }];
    const kafka: Binding<Kafka> = () =>
      emitter<Kafka['reply']>({ api: 'merged', topicId: 'id', partitions, cleanupPolicy: 'delete' }, () => {
        let partition = 0;
        return {
          pull(balance) {
            if (balance <= 0) return undefined;
            partition += 1;
            return frameOf(partition);
          },
        };
      });
    const client = new Listener(sseKafkaProxy({ routes: ROUTES })(kafka), { path: '/topic' }, 1e9);
    await until(() => client.ended !== undefined);
    expect(client.fault?.code).toBe('SSE_ID_TOO_LONG');
    expect(Math.max(...client.ids.map((id) => id?.length ?? 0))).toBeLessThanOrEqual(8_192);
    expect(client.ids.length).toBeGreaterThan(900);
  });

  it('should tell no id where there is no partition yet', () => {
    const { exit, listen, settle } = serving([-1]);
    const client = listen('/topic', { lastEventId: 'nonsense' });
    expect(client.hasBegun).toBe(false);
    settle();
    expect([client.got, exit.open.length > 0]).toEqual([[], true]);
  });

  it('should end when its client leaves, says so, or refuses the rest', () => {
    const { exit, listen, settle } = serving();
    const [left, told, refused] = [listen('/topic'), listen('/topic'), listen('/topic')];
    left.leave();
    told.abort();
    refused.refuse();
    expect([told.ended, refused.ended]).toEqual(['abort', 'abort']);
    settle();
    expect(exit.open).toEqual([]);
  });

  it('should refuse what no stream can meet', () => {
    const make = (route: SseKafkaRoute) => () => sseKafkaProxy({ routes: [route] });
    expect(make({ when: [{ path: '/{a}' }], with: { topic: '${params.b}' } })).toThrow('OPTION_INVALID');
    expect(make({ when: [{ path: '/{a}' }, { path: '/x' }], with: { topic: '${params.a}' } })).toThrow(
      'OPTION_INVALID',
    );
    expect(() => sseKafkaProxy({ routes: [], window: 0 })).toThrow('OPTION_INVALID');
  });
});

const tombstone = { partition: 0, offset: 0n, timestamp: 0n, key: null, value: null, headers: [], aborted: false };
