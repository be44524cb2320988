import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Connection, connect } from '../../src/kafka/connection.ts';
import type { Api } from '../../src/kafka/requests/api.ts';
import { apiVersions } from '../../src/kafka/requests/api-versions.ts';
import { fetch, fetchByName } from '../../src/kafka/requests/fetch.ts';
import { findCoordinator } from '../../src/kafka/requests/find-coordinator.ts';
import { initProducerId } from '../../src/kafka/requests/init-producer-id.ts';
import { listOffsets } from '../../src/kafka/requests/list-offsets.ts';
import { metadata } from '../../src/kafka/requests/metadata.ts';
import { offsetForLeaderEpoch } from '../../src/kafka/requests/offset-for-leader-epoch.ts';
import { produce } from '../../src/kafka/requests/produce.ts';
import { saslAuthenticate, saslHandshake } from '../../src/kafka/requests/sasl.ts';
import { createTopics, deleteTopics, describeConfigs } from '../../src/kafka/requests/topics.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import { packageRoot } from '../broker/root.ts';
import { Clock } from '../src/kafka/clock.ts';
import { FakeBroker, type Ranges, versionsBody } from '../src/kafka/fake-broker.ts';

const SEED = 20_240_229;
const MUTATIONS = 10_000;
const STREAMS = 2_000;

/** Responses of a genuine Kafka 4.3.1 without their headers, base64, by what was asked. */
const { responses } = JSON.parse(readFileSync(join(packageRoot(), 'test/properties/kafka-responses.json'), 'utf8')) as {
  responses: Record<string, { version: number; body: string }>;
};

const TOPICS = { topics: [] };
const kinds: readonly (readonly [Api<never>, unknown])[] = [
  [apiVersions, { software: 's', version: '1' }],
  [metadata, TOPICS],
  [fetch, { ...TOPICS, maxWaitMs: 0, minBytes: 0, maxBytes: 0, isolation: 'read_committed' }],
  [fetchByName, { ...TOPICS, maxWaitMs: 0, minBytes: 0, maxBytes: 0, isolation: 'read_committed' }],
  [listOffsets, { ...TOPICS, isolation: 'read_committed' }],
  [offsetForLeaderEpoch, TOPICS],
  [produce, { ...TOPICS, acks: 'all', timeoutMs: 1 }],
  [initProducerId, {}],
  [createTopics, { ...TOPICS, timeoutMs: 1 }],
  [deleteTopics, { ...TOPICS, timeoutMs: 1 }],
  [describeConfigs, TOPICS],
  [findCoordinator, { key: 'g', of: 'group' }],
  [saslHandshake, { mechanism: 'PLAIN' }],
  [saslAuthenticate, { bytes: Buffer.alloc(0) }],
];

/** Every response, with the api that reads it and the header that it had. */
const recorded = Object.entries(responses).map(([name, { version, body }]) => {
  const wanted = name === 'Fetch by name' ? fetchByName : undefined;
  const [api, request] = kinds.find(([one]) => one === wanted || (!wanted && name.startsWith(one.name)))!;
  const tags = version >= api.flexible && api.key !== apiVersions.key ? [0] : [];
  return {
    name,
    api,
    request: request as never,
    response: Buffer.concat([Buffer.from(tags), Buffer.from(body, 'base64')]),
  };
});

const ranges: Ranges = Object.fromEntries(kinds.map(([{ key, versions }]) => [key, [0, versions[1]]]));

/** A connection to a broker that answers everything but the first ApiVersions by `answer`. */
function connected(answer: ConstructorParameters<typeof FakeBroker>[0]) {
  const broker: FakeBroker = new FakeBroker((request) => {
    if (broker.stream.asked.length === 1) request.stream.answer(request, versionsBody({ ...ranges, 1: [0, 13] }, 3));
    else answer?.(request);
  }, null);
  const clock = new Clock();
  let connection: Connection | undefined;
  const subscription = connect(broker.exit, { address: 'fake', port: 1 }, { scheduler: clock }).subscribe({
    next: (ready) => {
      connection = ready;
    },
    error: () => {},
  });
  return { broker, subscription, clock, connection: connection as unknown as Connection };
}

/** What becomes of a request: `value`, or the code of its error; anything but a KafkaError is thrown. */
const outcome = (connection: Connection, { api, request }: (typeof recorded)[number]): Promise<string> =>
  new Promise((resolve, reject) => {
    let value = 'nothing';
    connection.request(api, request).subscribe({
      next: () => {
        value = 'value';
      },
      error: (error) => (error instanceof KafkaError ? resolve(error.code) : reject(error)),
      complete: () => resolve(value),
    });
  });

describe('a response that is not what it should be', () => {
  it('is recorded of every kind', () => {
    expect(new Set(recorded.map(({ api }) => api))).toEqual(new Set(kinds.map(([api]) => api)));
  });

  it.each(recorded.map((one) => [one.name, one] as const))('is an error at every length: %s', async (_, one) => {
    let length = 0;
    const { connection, subscription } = connected((request) =>
      request.stream.answer(request, one.response.subarray(0, length)),
    );
    for (; length < one.response.length; length += 1) {
      expect(`${length}: ${await outcome(connection, one)}`).toBe(`${length}: KAFKA_RESPONSE`);
    }
    expect(await outcome(connection, one)).toBe('value');
    subscription.unsubscribe();
  });

  it(`is a value or an error in ${MUTATIONS} mutations, and keeps neither time nor memory`, async () => {
    const random = randomFrom(SEED);
    let body: Buffer = Buffer.alloc(0);
    const { connection, subscription, clock } = connected((request) => request.stream.answer(request, body));
    const before = process.memoryUsage().rss;
    const outcomes: Record<string, number> = {};
    let slowest = 0;
    for (let index = 0; index < MUTATIONS; index += 1) {
      const one = recorded[index % recorded.length]!;
      body = mutated(one.response, random);
      // What it was told of throttling may be anything too.
      clock.advance(15_000);
      const began = process.cpuUsage();
      const result = await outcome(connection, one);
      slowest = Math.max(slowest, process.cpuUsage(began).user / 1_000);
      outcomes[result] = (outcomes[result] ?? 0) + 1;
    }
    subscription.unsubscribe();
    expect(Object.keys(outcomes).sort()).toEqual(['KAFKA_RESPONSE', 'value']);
    expect(outcomes.KAFKA_RESPONSE).toBeGreaterThan(MUTATIONS / 4);
    expect(slowest).toBeLessThan(1_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 << 20);
  });

  it(`ends only its connection, in ${STREAMS} mutated streams`, async () => {
    const random = randomFrom(SEED);
    const outcomes: Record<string, number> = {};
    for (let index = 0; index < STREAMS; index += 1) {
      const one = recorded[index % recorded.length]!;
      const { connection, subscription } = connected(({ correlation, stream }) => {
        const head = Buffer.alloc(8);
        head.writeInt32BE(one.response.length + 4);
        head.writeInt32BE(correlation, 4);
        // The size and the correlation id are hit as often as all the rest.
        const bytes =
          random() < 0.5
            ? Buffer.concat([mutated(head, random), one.response])
            : mutated(Buffer.concat([head, one.response]), random);
        stream.raw(bytes, 1 + Math.floor(random() * bytes.length));
        stream.end();
      });
      const result = await outcome(connection, one);
      outcomes[result] = (outcomes[result] ?? 0) + 1;
      subscription.unsubscribe();
    }
    const codes = [
      'KAFKA_CORRELATION',
      'KAFKA_DISCONNECTED',
      'KAFKA_FRAME',
      'KAFKA_RESPONSE',
      'KAFKA_TRUNCATED',
      'value',
    ];
    expect(codes).toEqual(expect.arrayContaining(Object.keys(outcomes)));
    expect(Object.keys(outcomes).length).toBeGreaterThan(4);
  });
});

/** A copy of `bytes` in which one to four things were changed, left out or put in. */
function mutated(bytes: Buffer, random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  let result = Buffer.from(bytes);
  for (let times = 1 + below(4); times > 0; times -= 1) {
    const at = below(result.length);
    const [before, after] = [result.subarray(0, at), result.subarray(at)];
    const extreme = Buffer.from(
      [
        [0x7f, 0xff, 0xff, 0xff],
        [0xff, 0xff, 0xff, 0xff],
        [0x80, 0, 0, 0],
        [0, 0, 0, 0],
      ][below(4)]!,
    );
    switch (below(5)) {
      case 0:
        result[at]! ^= 1 << below(8);
        break;
      case 1:
        result[at] = below(256);
        break;
      case 2:
        result = Buffer.concat([before, extreme, after.subarray(4)]);
        break;
      case 3:
        result = Buffer.concat([before, after.subarray(1 + below(8))]);
        break;
      default:
        result = Buffer.concat([before, Buffer.from([below(256)]), after]);
    }
    if (result.length === 0) return bytes;
  }
  return result;
}

/** Numbers from 0 up to, not including, 1; the same ones for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
