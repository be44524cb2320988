import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { firstValueFrom } from 'rxjs';
import { codes } from '../../../src/errors.ts';
import { brokerAt, kafkaErrorOf, kafkaErrors, kafkaFault } from '../../../src/kafka/kafka-errors.ts';
import type { Answer, Api } from '../../../src/kafka/requests/api.ts';
import { apiVersions, UNSUPPORTED_VERSION } from '../../../src/kafka/requests/api-versions.ts';
import { fetch, fetchByName } from '../../../src/kafka/requests/fetch.ts';
import { findCoordinator } from '../../../src/kafka/requests/find-coordinator.ts';
import { initProducerId } from '../../../src/kafka/requests/init-producer-id.ts';
import { listOffsets } from '../../../src/kafka/requests/list-offsets.ts';
import { metadata, NO_TOPIC_ID } from '../../../src/kafka/requests/metadata.ts';
import { offsetForLeaderEpoch } from '../../../src/kafka/requests/offset-for-leader-epoch.ts';
import { produce } from '../../../src/kafka/requests/produce.ts';
import { Reader } from '../../../src/kafka/requests/reader.ts';
import { saslAuthenticate, saslHandshake } from '../../../src/kafka/requests/sasl.ts';
import { createTopics, deleteTopics, describeConfigs } from '../../../src/kafka/requests/topics.ts';
import { Writer } from '../../../src/kafka/requests/writer.ts';
import { KafkaError } from '../../../src/protocol/kafka-error.ts';
import { packageRoot } from '../../broker/root.ts';
import { versionsBody } from './fake-broker.ts';

const { responses } = JSON.parse(readFileSync(join(packageRoot(), 'test/properties/kafka-responses.json'), 'utf8'));

/** What an api makes of a response that a genuine broker gave. */
function recorded<R extends Answer>(name: string, api: Api<never, R>): Promise<R> {
  const { version, body } = responses[name];
  return firstValueFrom(api.decode(version, Buffer.from(body, 'base64')));
}

const encoded = async <Q>(api: Api<Q>, version: number, body: Q): Promise<Buffer> =>
  Buffer.concat((await firstValueFrom(api.encode(version, body))) as readonly Uint8Array[]);

const written = (flexible: boolean, write: (to: Writer) => void): Buffer => {
  const writer = new Writer(flexible);
  write(writer);
  return Buffer.concat(writer.finish());
};

describe('the fields of requests and responses', () => {
  it.each([false, true])('are read as they were written, flexible %s', (flexible) => {
    const value = fc.record({
      int8: fc.integer({ min: -128, max: 127 }),
      int16: fc.integer({ min: -32768, max: 32767 }),
      int32: fc.integer(),
      int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      uvarint: fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.nat(300)),
      bool: fc.boolean(),
      string: fc.string({ unit: 'grapheme', maxLength: 400 }),
      nullable: fc.option(fc.string()),
      uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
      array: fc.array(fc.integer()),
      bytes: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), (values) => {
        const bytes = written(flexible, (to) =>
          to.structs(values, (one) => {
            to.int8(one.int8);
            to.int16(one.int16);
            to.int32(one.int32);
            to.int64(one.int64);
            to.uvarint(one.uvarint);
            to.bool(one.bool);
            to.string(one.string);
            to.string(one.nullable);
            to.uuid(one.uuid);
            to.array(one.array, (item) => to.int32(item));
            to.pieces(one.bytes);
          }),
        );
        const from = new Reader(bytes, flexible);
        const read = from.structs(() => ({
          int8: from.int8(),
          int16: from.int16(),
          int32: from.int32(),
          int64: from.int64(),
          uvarint: from.uvarint(),
          bool: from.bool(),
          string: from.string(),
          nullable: from.nullableString(),
          uuid: from.uuid(),
          array: from.array(() => from.int32()),
          bytes: Buffer.from(from.bytes()),
        }));
        from.finish();
        expect(read).toEqual(values.map((one) => ({ ...one, bytes: Buffer.concat(one.bytes) })));
      }),
    );
  });

  it.each([
    ['a number of six bytes', true, '8080808080 01', (from: Reader) => from.uvarint()],
    ['a string that is longer than what is left', true, '05 61', (from: Reader) => from.string()],
    ['a string of a negative length', false, 'fffe', (from: Reader) => from.string()],
    ['null for a string', true, '00', (from: Reader) => from.string()],
    ['more items than bytes', false, '7fffffff 0000', (from: Reader) => from.array(() => from.int8())],
    ['a negative number of items', false, 'fffffffe 0000', (from: Reader) => from.array(() => from.int8())],
    ['a tagged field that ends behind the bytes', true, '01 00 05 00', (from: Reader) => from.tags()],
    [
      'a tagged field that is shorter than it must be',
      true,
      '01 00 01 00 00',
      (from: Reader) => from.tags(() => from.int16()),
    ],
    ['bytes behind the end', false, '00', (from: Reader) => from.finish()],
  ])('refuse %s', (_, flexible, hex, read) => {
    expect(() => read(new Reader(Buffer.from(hex.replaceAll(' ', ''), 'hex'), flexible))).toThrow(RangeError);
  });

  it('keep the pieces of a record batch where they are', async () => {
    const pieces = [Buffer.alloc(1_000, 1), Buffer.alloc(2_000, 2)];
    const body = {
      acks: 'all',
      timeoutMs: 1,
      topics: [{ topic: 't', partitions: [{ partition: 0, records: pieces }] }],
    } as const;
    const sent = await firstValueFrom(produce.encode(9, body));
    expect(pieces.every((piece) => sent.includes(piece))).toBe(true);
  });
});

describe('what Kafka 4.3.1 answered', () => {
  it('to ApiVersions', async () => {
    const { error, versions } = await recorded('ApiVersions', apiVersions);
    expect([error, versions.get(1), versions.get(18)]).toEqual([0, [4, 18], [0, 4]]);
  });

  it('to Metadata', async () => {
    const { brokers, controller, topics } = await recorded('Metadata', metadata);
    expect({ brokers, controller }).toMatchObject({
      brokers: [{ id: 1, host: '127.0.0.1', rack: null }],
      controller: 1,
    });
    expect(topics).toMatchObject([
      {
        error: 0,
        topic: 'recorded',
        internal: false,
        partitions: [{ partition: 0, leader: 1, leaderEpoch: 0 }, { partition: 1 }],
      },
      { error: 3, topic: 'missing', topicId: NO_TOPIC_ID, partitions: [] },
    ]);
    expect(topics[0]?.topicId).toMatch(/^[\w-]{22}$/);
  });

  it('to Fetch, of which one partition failing harms no other', async () => {
    const { topics } = await recorded('Fetch', fetch);
    expect(topics.map(({ partitions }) => partitions.map(({ error }) => error))).toEqual([[0, 1], [100]]);
    expect(topics[0]?.partitions[0]).toMatchObject({
      highWatermark: 6n,
      lastStableOffset: 6n,
      logStartOffset: 0n,
      aborted: [{ producerId: 1n, firstOffset: 2n }],
      preferredReplica: -1,
    });
    expect(topics[0]?.partitions[0]?.records.length).toBeGreaterThan(300);
    const byName = await recorded('Fetch by name', fetchByName);
    expect(byName.topics[0]).toMatchObject({ topic: 'recorded', partitions: [{ aborted: [] }, { error: 1 }] });
  });

  it('to ListOffsets and OffsetForLeaderEpoch', async () => {
    const { topics } = await recorded('ListOffsets', listOffsets);
    expect(topics.find(({ topic }) => topic === 'missing')?.partitions[0]?.error).toBe(3);
    expect(topics.find(({ topic }) => topic === 'recorded')?.partitions).toContainEqual({
      ...{ partition: 0, error: 0, timestamp: -1n, offset: 6n, leaderEpoch: 0 },
    });
    const ends = await recorded('OffsetForLeaderEpoch', offsetForLeaderEpoch);
    expect(ends.topics).toEqual([
      {
        topic: 'recorded',
        partitions: [
          { partition: 0, error: 0, epoch: 0, endOffset: 6n },
          { partition: 1, error: 75, epoch: -1, endOffset: -1n },
        ],
      },
    ]);
  });

  it('to Produce', async () => {
    const { topics } = await recorded('Produce', produce);
    expect(topics[0]?.partitions).toMatchObject([{ error: 0, baseOffset: 6n, logAppendTime: -1n }, { error: 3 }]);
    const refused = await recorded('Produce refused', produce);
    expect(refused.topics[0]?.partitions[0]).toMatchObject({
      error: 87,
      recordErrors: [{ index: 0, message: expect.stringContaining('without key') }],
    });
    expect(await recorded('InitProducerId', initProducerId)).toMatchObject({ error: 0, producerEpoch: 0 });
  });

  it('to what kafkajs reads', async () => {
    expect((await recorded('CreateTopics', createTopics)).topics).toMatchObject([
      { topic: 'bad name!', error: 17, message: expect.stringContaining('invalid') },
      { topic: 'made', error: 0, message: null },
    ]);
    expect((await recorded('DeleteTopics', deleteTopics)).topics).toMatchObject([
      { topic: 'made', error: 0 },
      { error: 3 },
    ]);
    expect((await recorded('DescribeConfigs', describeConfigs)).topics).toMatchObject([
      { topic: 'recorded', error: 0, configs: [{ name: 'cleanup.policy', value: 'delete' }, { value: '604800000' }] },
      { topic: 'missing', error: 3, configs: [] },
    ]);
    expect(await recorded('FindCoordinator', findCoordinator)).toMatchObject({ error: 15 });
    expect(await recorded('SaslHandshake', saslHandshake)).toMatchObject({ error: 0 });
    expect((await recorded('SaslHandshake refused', saslHandshake)).mechanisms).toContain('SCRAM-SHA-512');
    expect(await recorded('SaslAuthenticate', saslAuthenticate)).toMatchObject({
      error: 0,
      message: null,
      lifetimeMs: 0,
    });
    expect(await recorded('SaslAuthenticate refused', saslAuthenticate)).toMatchObject({ error: 58 });
  });
});

describe('Fetch', () => {
  it('tells where a log diverges and who leads, past tagged fields that it does not know', async () => {
    const body = written(true, (to) => {
      to.int32(7);
      to.int16(0);
      to.int32(0);
      to.structs(['topic'], () => {
        to.uuid('AAAAAAAAAAAAAAAAAAAAAQ');
        to.array([3], (partition) => {
          to.int32(partition);
          to.int16(6);
          for (const offset of [-1n, -1n, -1n]) to.int64(offset);
          to.array(null, () => {});
          to.int32(-1);
          to.uvarint(0);
          to.uvarint(3);
          for (const [tag, size] of [
            [0, 12],
            [1, 8],
            [99, 3],
          ] as const) {
            to.uvarint(tag);
            to.uvarint(size);
            if (tag === 99) for (const byte of [1, 2, 3]) to.int8(byte);
            else to.int32(4);
            if (tag === 0) to.int64(40n);
            if (tag === 1) to.int32(5);
          }
        });
      });
      to.tags();
    });
    expect(await firstValueFrom(fetch.decode(13, body))).toEqual({
      throttleMs: 7,
      error: 0,
      topics: [
        {
          topic: 'AAAAAAAAAAAAAAAAAAAAAQ',
          partitions: [
            {
              ...{
                partition: 3,
                error: 6,
                highWatermark: -1n,
                lastStableOffset: -1n,
                logStartOffset: -1n,
                aborted: [],
              },
              ...{ preferredReplica: -1, records: Buffer.alloc(0), diverging: { epoch: 4, endOffset: 40n } },
              leader: { id: 4, epoch: 5 },
            },
          ],
        },
      ],
    });
  });

  it('parks unless it is told not to wait', () => {
    const body = { minBytes: 1, maxBytes: 1, isolation: 'read_committed', topics: [] } as const;
    expect(fetch.parks?.({ ...body, maxWaitMs: 1 })).toBe(true);
    expect(fetch.parks?.({ ...body, maxWaitMs: 0 })).toBe(false);
  });
});

describe('ApiVersions', () => {
  it('is understood from a broker that does not know its version, and answers in that of v0', async () => {
    const body = versionsBody({ 18: [0, 2] }, 0, UNSUPPORTED_VERSION);
    const { error, versions } = await firstValueFrom(apiVersions.decode(3, body));
    expect([error, versions.get(18)]).toEqual([UNSUPPORTED_VERSION, [0, 2]]);
  });

  it('says in v0 nothing of itself', async () => {
    expect(await encoded(apiVersions, 0, { software: 's', version: '1' })).toHaveLength(0);
  });
});

describe('kafkajs', () => {
  const kafkajs = createRequire(import.meta.url);

  it('is the version that is known', () => {
    expect(kafkajs('kafkajs/package.json').version).toBe('2.2.4');
  });

  it.each([
    [describeConfigs, 'DescribeConfigs'],
    [createTopics, 'CreateTopics'],
    [deleteTopics, 'DeleteTopics'],
    [findCoordinator, 'GroupCoordinator'],
    [saslHandshake, 'SaslHandshake'],
    [saslAuthenticate, 'SaslAuthenticate'],
  ] as const)('has the codec of api %#', (api, name) => {
    const { requests } = kafkajs('kafkajs/src/protocol/requests');
    const { request, response } = requests[name].protocol({ version: api.versions[1] })({ topics: [], resources: [] });
    expect(request).toMatchObject({ apiKey: api.key, apiVersion: api.versions[1], encode: expect.any(Function) });
    expect(response.decode).toEqual(expect.any(Function));
  });

  it.each(['plain', 'scram256', 'scram512', 'oauthBearer'])('has the mechanism %s', (name) => {
    const provider = kafkajs(`kafkajs/src/broker/saslAuthenticator/${name}`);
    expect(provider({})({}).authenticate).toEqual(expect.any(Function));
  });

  it('knows the names that we have for errors', () => {
    const { errorCodes } = kafkajs('kafkajs/src/protocol/error');
    const renamed: Record<string, string> = {
      UNKNOWN: 'UNKNOWN_SERVER_ERROR',
      NOT_LEADER_FOR_PARTITION: 'NOT_LEADER_OR_FOLLOWER',
      GROUP_COORDINATOR_NOT_AVAILABLE: 'COORDINATOR_NOT_AVAILABLE',
      GROUP_LOAD_IN_PROGRESS: 'COORDINATOR_LOAD_IN_PROGRESS',
      NOT_COORDINATOR_FOR_GROUP: 'NOT_COORDINATOR',
      PREFERRED_LEADER_NOT_AVAILABLE: 'PREFERRED_LEADER_NOT_AVAILABLE',
    };
    const ours = errorCodes.map(({ code }: { code: number }) => kafkaErrorOf(code).name);
    expect(ours).toEqual(errorCodes.map(({ type }: { type: string }) => renamed[type] ?? type));
  });
});

describe("Kafka's errors", () => {
  it('say what to do', () => {
    const remedies = [1, 3, 6, 16, 19, 29, 45, 46, 74, 75, 100].map((code) => kafkaErrorOf(code).remedy);
    expect(remedies).toEqual([
      'offset',
      'refresh',
      'refresh',
      'coordinator',
      'retry',
      'fatal',
      'producer',
      'done',
      'refresh',
      'refresh',
      'refresh',
    ]);
    expect(kafkaErrors.size).toBe(135);
    expect(kafkaErrorOf(133).name).toBe('SHARE_SESSION_LIMIT_REACHED');
    expect(kafkaErrorOf(9_999)).toMatchObject({ name: 'UNKNOWN_ERROR_CODE', remedy: 'fatal', retriable: false });
  });

  it('become faults that name the place once', () => {
    const fault = kafkaFault(29).at('broker b:1, Produce to t/0').at('elsewhere');
    expect(fault).toBeInstanceOf(KafkaError);
    expect(fault).toMatchObject({ code: 'KAFKA_ERROR', kafka: { code: 29, name: 'TOPIC_AUTHORIZATION_FAILED' } });
    expect(fault.message).toBe(
      'KAFKA_ERROR: broker b:1, Produce to t/0: TOPIC_AUTHORIZATION_FAILED (29): ' +
        'an ACL is missing: this user may not do this with the topic',
    );
    expect(kafkaFault(87, 'no key').message).toBe('KAFKA_ERROR: INVALID_RECORD (87): no key');
    expect(brokerAt({ address: '::1', port: 9092 })).toBe('broker [::1]:9092');
    expect(codes.KAFKA_ERROR).toBeDefined();
  });
});

describe('what Kafka 4.3.1 answered, with one byte changed', () => {
  /** What an api makes of each change that it takes for an answer. */
  async function changed<R extends Answer>(name: string, api: Api<never, R>): Promise<R[]> {
    const { version, body } = responses[name];
    const answers: R[] = [];
    for (let at = 0; at < Buffer.from(body, 'base64').length; at += 1) {
      for (const bit of [1, 2, 64]) {
        const bytes = Buffer.from(body, 'base64');
        bytes[at] = (bytes[at] as number) ^ bit;
        await firstValueFrom(api.decode(version, bytes)).then(
          (answer) => answers.push(answer),
          (thrown) => expect(thrown).toBeInstanceOf(RangeError),
        );
      }
    }
    return answers;
  }

  it('has no partition that is not one of the first so many, for which readers would wait', async () => {
    const answers = await changed('Metadata', metadata);
    for (const { topics } of answers) {
      for (const { partitions } of topics) {
        expect(partitions.map(({ partition }) => partition).sort()).toEqual(partitions.map((_, index) => index));
      }
    }
    expect(answers.length).toBeGreaterThan(100);
  });

  it('has no stable offset beyond the end, for which readers would wait', async () => {
    const answers = await changed('Fetch', fetch);
    for (const { topics } of answers) {
      for (const { error, lastStableOffset, highWatermark } of topics.flatMap(({ partitions }) => partitions)) {
        expect(error !== 0 || lastStableOffset <= highWatermark).toBe(true);
      }
    }
    expect(answers.length).toBeGreaterThan(100);
  });
});
