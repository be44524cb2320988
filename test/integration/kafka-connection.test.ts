import { inspect } from 'node:util';
import { firstValueFrom, of } from 'rxjs';
import { tcpClient } from '../../operators/tcp/client.ts';
import { tlsClient } from '../../operators/tls/client.ts';
import { type Connection, type ConnectionOptions, connect } from '../../src/kafka/connection.ts';
import { Pool } from '../../src/kafka/pool.ts';
import { type FetchedPartition, fetch, fetchByName } from '../../src/kafka/requests/fetch.ts';
import { findCoordinator } from '../../src/kafka/requests/find-coordinator.ts';
import { initProducerId } from '../../src/kafka/requests/init-producer-id.ts';
import { EARLIEST, LATEST, listOffsets, MAX_TIMESTAMP } from '../../src/kafka/requests/list-offsets.ts';
import { metadata } from '../../src/kafka/requests/metadata.ts';
import { offsetForLeaderEpoch } from '../../src/kafka/requests/offset-for-leader-epoch.ts';
import { produce } from '../../src/kafka/requests/produce.ts';
import { createTopics, deleteTopics, describeConfigs } from '../../src/kafka/requests/topics.ts';
import type { Sasl } from '../../src/kafka/sasl.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import type { Endpoint, Net } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';
import { type Access, type Listener, USERS, type User, unsecuredToken } from '../broker/access.ts';
import { type Cluster, startCluster } from '../broker/cluster.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeKafka, describeOwnKafka } from '../broker/use-kafka.ts';
import { lawfully } from '../src/net/peers.ts';

/** Retention would take what is older than a week. */
const NOW = Date.now();
const CANARY = 'canary-b4d5ecret';

const addressOf = ({ bootstrap }: Access, listener: Listener): Endpoint => {
  const [address, port] = bootstrap[listener][0]!.split(':') as [string, string];
  return { address, port: Number(port) };
};

/** The way to a listener, through TLS where it speaks that; held to the laws of frames. */
function exitTo({ tls }: Access, listener: Listener): Binding<Net> {
  if (!listener.endsWith('SSL')) return lawfully(tcpClient());
  const vault = { keys: () => [], trust: () => [tls.ca], signed: () => [] };
  return lawfully(tlsClient({ vault, trust: ['ca'] })(tcpClient()));
}

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const;

const saslOf = (mechanism: Sasl['mechanism'], user: User = 'admin'): Sasl =>
  mechanism === 'oauthbearer'
    ? { mechanism, token: () => Promise.resolve(unsecuredToken(user)) }
    : { mechanism, ...USERS[user] };

/** A connection that fails the test where it ends; `close` it. */
async function open(exit: Binding<Net>, at: Endpoint, options: ConnectionOptions = {}) {
  let ended: unknown;
  const connection = await new Promise<Connection & { leave(): void }>((resolve, reject) => {
    const subscription = connect(exit, at, options).subscribe({
      next: (ready) => resolve(Object.assign(ready, { leave: () => subscription.unsubscribe() })),
      error: (error) => {
        ended = error;
        reject(error);
      },
    });
  });
  return { connection, ended: () => ended };
}

/** Why a connection cannot be made, or the first request on it fails. */
async function failure(exit: Binding<Net>, at: Endpoint, options: ConnectionOptions = {}): Promise<Error> {
  try {
    const { connection } = await open(exit, at, options);
    try {
      await firstValueFrom(connection.request(metadata, { topics: [] }));
    } finally {
      connection.leave();
    }
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

async function topicIdOf(connection: Connection, topic: string): Promise<string> {
  const { topics } = await firstValueFrom(connection.request(metadata, { topics: [topic] }));
  return topics[0]!.topicId;
}

const asked = (topic: string, topicId: string, offset: bigint, maxWaitMs = 0) => ({
  ...{ maxWaitMs, minBytes: 1, maxBytes: 1 << 20, isolation: 'read_committed' as const },
  topics: [{ topic, topicId, partitions: [{ partition: 0, offset, maxBytes: 1 << 20 }] }],
});

async function fetched(connection: Connection, topic: string, offset = 0n): Promise<FetchedPartition> {
  const request = connection.request(fetch, asked(topic, await topicIdOf(connection, topic), offset));
  return (await firstValueFrom(request)).topics[0]!.partitions[0]!;
}

const batch = (topic: string, records: readonly Uint8Array[], acks: 'all' | 'none' = 'all') => ({
  ...{ acks, timeoutMs: 10_000, topics: [{ topic, partitions: [{ partition: 0, records }] }] },
});

describeKafka('a connection to a genuine broker', (kafka) => {
  let judge: Judge;
  let records: Uint8Array;

  beforeAll(async () => {
    judge = await openJudge(kafka.access);
    await judge.createTopic('source', { partitions: 2 });
    await judge.write('source', [
      { key: 'a', value: '1', partition: 0, timestamp: NOW },
      { key: 'b', value: '2', partition: 0, timestamp: NOW + 10 },
    ]);
    const { connection } = await open(exitTo(kafka.access, 'PLAINTEXT'), addressOf(kafka.access, 'PLAINTEXT'));
    records = Uint8Array.from((await fetched(connection, 'source')).records);
    connection.leave();
  });
  afterAll(() => judge?.close());

  it.each<readonly [Listener, string, Sasl | undefined]>([
    ['PLAINTEXT', 'nothing', undefined],
    ['SSL', 'nothing', undefined],
    ...MECHANISMS.map((mechanism) => ['SASL_PLAINTEXT', mechanism, saslOf(mechanism)] as const),
    ...MECHANISMS.map((mechanism) => ['SASL_SSL', mechanism, saslOf(mechanism)] as const),
  ])('reads and writes what kafkajs does, through %s with %s', async (listener, mechanism, sasl) => {
    const topic = `through-${listener}-${mechanism}`;
    await judge.createTopic(topic);
    await judge.write(topic, [{ key: 'k', value: 'by kafkajs' }]);
    const { connection } = await open(exitTo(kafka.access, listener), addressOf(kafka.access, listener), { sasl });
    expect(Buffer.from((await fetched(connection, topic)).records).toString()).toContain('by kafkajs');
    const half = records.length >> 1;
    const pieces = [records.subarray(0, half), records.subarray(half)];
    const { topics } = await firstValueFrom(connection.request(produce, batch(topic, pieces)));
    expect(topics).toMatchObject([{ topic, partitions: [{ partition: 0, error: 0, baseOffset: 1n }] }]);
    expect((await judge.read(topic)).map(({ offset, value }) => [offset, `${value}`])).toEqual([
      [0n, 'by kafkajs'],
      [1n, '1'],
      [2n, '2'],
    ]);
    connection.leave();
  });

  describe('whose requests', () => {
    let connection: Connection & { leave(): void };

    beforeAll(async () => {
      ({ connection } = await open(exitTo(kafka.access, 'PLAINTEXT'), addressOf(kafka.access, 'PLAINTEXT')));
    });
    afterAll(() => connection?.leave());

    it('list the offsets that kafkajs does', async () => {
      const at = async (timestamp: bigint, partition = 0) => {
        const topics = [{ topic: 'source', partitions: [{ partition, timestamp }] }];
        const answer = await firstValueFrom(connection.request(listOffsets, { isolation: 'read_committed', topics }));
        return answer.topics[0]!.partitions[0]!;
      };
      const [judged] = (await judge.admin.fetchTopicOffsets('source')).filter(({ partition }) => partition === 0);
      expect(await at(LATEST)).toMatchObject({ error: 0, offset: BigInt(judged!.high), leaderEpoch: 0 });
      expect((await at(EARLIEST)).offset).toBe(BigInt(judged!.low));
      expect(await at(BigInt(NOW + 5))).toMatchObject({ offset: 1n, timestamp: BigInt(NOW + 10) });
      expect((await at(BigInt(NOW + 11))).offset).toBe(-1n);
      expect(await at(MAX_TIMESTAMP)).toMatchObject({ offset: 1n, timestamp: BigInt(NOW + 10) });
      expect((await at(LATEST, 1)).offset).toBe(0n);
    });

    it('tell what is wrong with one partition, and answer the others', async () => {
      const topicId = await topicIdOf(connection, 'source');
      const partitions = [0n, 99n].map((offset, partition) => ({ partition, offset, maxBytes: 1_000 }));
      const topics = [
        { topic: 'source', topicId, partitions },
        { topic: 'gone', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions: [{ partition: 0, offset: 0n, maxBytes: 1 }] },
      ];
      const body = { ...asked('', '', 0n), topics };
      const answer = await firstValueFrom(connection.request(fetch, body));
      expect(answer.topics.map((topic) => topic.partitions.map(({ error }) => error))).toEqual([[0, 1], [100]]);
      expect(answer.topics[0]!.partitions[0]!.records).toEqual(Buffer.from(records));
      const named = await firstValueFrom(connection.request(fetchByName, body));
      expect(named.topics.map(({ topic, partitions: [first] }) => [topic, first!.error])).toEqual([
        ['source', 0],
        ['gone', 3],
      ]);
    });

    it('tell of a log that diverges, and where an epoch ends', async () => {
      const topicId = await topicIdOf(connection, 'source');
      const body = asked('source', topicId, 2n);
      const position = { partition: 0, offset: 2n, lastEpoch: 0, leaderEpoch: 0, maxBytes: 1_000 };
      const level = { ...body, topics: [{ topic: 'source', topicId, partitions: [position] }] };
      expect((await firstValueFrom(connection.request(fetch, level))).topics[0]!.partitions[0]).toMatchObject({
        ...{ error: 0, diverging: undefined },
      });
      const ahead = { ...position, lastEpoch: 0, leaderEpoch: 5 };
      const fenced = { ...body, topics: [{ topic: 'source', topicId, partitions: [ahead] }] };
      expect((await firstValueFrom(connection.request(fetch, fenced))).topics[0]!.partitions[0]!.error).toBe(75);
      const topics = [{ topic: 'source', partitions: [{ partition: 0, epoch: 0 }] }];
      const ends = await firstValueFrom(connection.request(offsetForLeaderEpoch, { topics }));
      expect(ends.topics[0]!.partitions).toEqual([{ partition: 0, error: 0, epoch: 0, endOffset: 2n }]);
    });

    it('say where aborted transactions are', async () => {
      await judge.createTopic('transactions');
      const producer = judge.kafka.producer({ transactionalId: 'aborts', maxInFlightRequests: 1, idempotent: true });
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic: 'transactions', messages: [{ value: 'aborted' }] });
      await transaction.abort();
      await producer.disconnect();
      await until(async () => {
        const { aborted, lastStableOffset } = await fetched(connection, 'transactions');
        expect({ aborted, lastStableOffset }).toEqual({
          aborted: [{ producerId: expect.any(BigInt), firstOffset: 0n }],
          lastStableOffset: 2n,
        });
      });
    });

    it('make, describe and delete topics', async () => {
      const topics = [{ topic: 'made', partitions: 3, replication: 1, configs: { 'cleanup.policy': 'compact' } }];
      const made = await firstValueFrom(connection.request(createTopics, { topics, timeoutMs: 10_000 }));
      expect(made.topics).toEqual([{ topic: 'made', error: 0, message: null }]);
      const wanted = { topics: [{ topic: 'made', configs: ['cleanup.policy'] }] };
      const { topics: described } = await firstValueFrom(connection.request(describeConfigs, wanted));
      expect(described).toMatchObject([{ configs: [{ name: 'cleanup.policy', value: 'compact', isDefault: false }] }]);
      const all = await firstValueFrom(
        connection.request(describeConfigs, { topics: [{ topic: 'made', configs: [] }] }),
      );
      expect(Object.fromEntries(all.topics[0]!.configs.map(({ name, value }) => [name, value]))).toEqual(
        await judge.configs('made'),
      );
      const gone = await firstValueFrom(connection.request(deleteTopics, { topics: ['made'], timeoutMs: 10_000 }));
      expect(gone.topics).toEqual([{ topic: 'made', error: 0, message: null }]);
    });

    it('find a coordinator', async () => {
      await until(async () => {
        const { error, broker } = await firstValueFrom(connection.request(findCoordinator, { key: 'g', of: 'group' }));
        expect({ error, broker }).toEqual({ error: 0, broker: { id: 1, host: '127.0.0.1', port: expect.any(Number) } });
      });
    });

    it('get ids for producers', async () => {
      const { error, producerId, producerEpoch } = await firstValueFrom(connection.request(initProducerId, {}));
      expect([error, producerEpoch]).toEqual([0, 0]);
      const again = await firstValueFrom(connection.request(initProducerId, { producerId, producerEpoch }));
      expect(again.producerId).not.toBe(producerId);
    });

    it('write without being answered', async () => {
      await judge.createTopic('unanswered');
      let answered = false;
      await new Promise<void>((resolve, reject) => {
        connection.request(produce, batch('unanswered', [records], 'none')).subscribe({
          next: () => {
            answered = true;
          },
          error: reject,
          complete: resolve,
        });
      });
      expect(answered).toBe(false);
      await until(async () => expect(await judge.read('unanswered')).toHaveLength(2));
    });

    it('are answered in order, hundreds of them', async () => {
      const answers = await Promise.all(
        Array.from({ length: 300 }, async (_, index) => {
          const { topics } = await firstValueFrom(connection.request(metadata, { topics: [`missing-${index}`] }));
          return topics[0]!.topic;
        }),
      );
      expect(answers).toEqual(Array.from({ length: 300 }, (_, index) => `missing-${index}`));
    });
  });

  it('closes in good order', async () => {
    const at = addressOf(kafka.access, 'PLAINTEXT');
    await new Promise<void>((resolve, reject) => {
      connect(exitTo(kafka.access, 'PLAINTEXT'), at).subscribe({
        next: (connection) => {
          connection.request(metadata, { topics: [] }).subscribe({ error: reject });
          connection.close();
        },
        error: reject,
        complete: resolve,
      });
    });
  });

  it('lets nothing wait behind a long poll, in a pool', async () => {
    const at = addressOf(kafka.access, 'PLAINTEXT');
    const pool = new Pool(exitTo(kafka.access, 'PLAINTEXT'));
    await judge.createTopic('polled');
    const { topics } = await firstValueFrom(pool.request(at, metadata, { topics: ['polled'] }));
    const poll = firstValueFrom(pool.request(at, fetch, asked('polled', topics[0]!.topicId, 0n, 20_000)));
    let isOver = false;
    void poll.then(() => {
      isOver = true;
    });
    for (let index = 0; index < 10; index += 1) await firstValueFrom(pool.request(at, metadata, { topics: [] }));
    expect(isOver).toBe(false);
    expect(pool.connections).toBe(2);
    await judge.write('polled', [{ value: 'at last' }]);
    expect(Buffer.from((await poll).topics[0]!.partitions[0]!.records).toString()).toContain('at last');
    pool.close();
    expect(pool.connections).toBe(0);
  });

  describe('that refuses', () => {
    const printed: string[] = [];
    const watched = [process.stdout, process.stderr] as const;
    const writers = watched.map(({ write }) => write);

    beforeAll(() => {
      for (const [index, stream] of watched.entries()) {
        stream.write = ((chunk: never, ...rest: never[]) => {
          printed.push(String(chunk));
          return writers[index]!.call(stream, chunk, ...rest);
        }) as never;
      }
    });
    afterAll(() => {
      for (const [index, stream] of watched.entries()) stream.write = writers[index]!;
    });

    /** The message of an error; the canary is nowhere in it, nor in what was printed. */
    const told = (error: Error): string => {
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(CANARY);
      expect(printed.join('')).not.toContain(CANARY);
      return error.message;
    };
    const over = (listener: Listener, options?: ConnectionOptions) =>
      failure(exitTo(kafka.access, listener), addressOf(kafka.access, listener), options);

    it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('a wrong password by %s', async (mechanism) => {
      const error = await over('SASL_PLAINTEXT', { sasl: { mechanism, username: 'admin', password: CANARY } });
      expect(error).toMatchObject({ code: 'KAFKA_SASL', kafka: { code: 58, name: 'SASL_AUTHENTICATION_FAILED' } });
      expect(told(error)).toContain(`user admin is not accepted by ${mechanism.toUpperCase()}: Authentication failed`);
    });

    it('a user that it does not know', async () => {
      const sasl = { mechanism: 'scram-sha-256', username: 'nobody', password: CANARY } as const;
      expect(told(await over('SASL_SSL', { sasl }))).toContain('user nobody is not accepted');
    });

    it.each([
      ['is none', CANARY],
      ['has expired', `${unsecuredToken(CANARY, -60)}`],
    ])('a token that %s', async (_, token) => {
      const error = await over('SASL_PLAINTEXT', { sasl: { mechanism: 'oauthbearer', token: () => of(token) } });
      expect(error).toMatchObject({ code: 'KAFKA_SASL' });
      expect(told(error)).toContain('the token is not accepted by OAUTHBEARER');
    });

    it('who does not authenticate, and says so', async () => {
      const error = await over('SASL_PLAINTEXT');
      expect(error).toMatchObject({ code: 'KAFKA_DISCONNECTED' });
      expect(told(error)).toContain('may want SASL');
    });

    it('SASL where there is none', async () => {
      const error = await over('PLAINTEXT', { sasl: { mechanism: 'plain', username: 'admin', password: CANARY } });
      expect(error).toMatchObject({ code: 'KAFKA_SASL_MECHANISM' });
      expect(told(error)).toContain('PLAIN is not offered, but none');
    });

    it('plaintext to a port of TLS', async () => {
      const error = await failure(tcpClient(), addressOf(kafka.access, 'SSL'));
      expect(error).toBeInstanceOf(KafkaError);
      expect(told(error)).toMatch(/TLS/);
    });

    it('TLS to a port of plaintext', async () => {
      const error = await failure(exitTo(kafka.access, 'SSL'), addressOf(kafka.access, 'PLAINTEXT'));
      // The broker closes or resets it, as it comes.
      expect(error).toMatchObject({ code: expect.stringMatching(/^(TLS_HANDSHAKE|NET_RESET)$/) });
    });

    it('nothing where nothing listens', async () => {
      const error = await failure(tcpClient(), { address: '127.0.0.1', port: 1 });
      expect(error).toMatchObject({ code: 'NET_REFUSED', message: expect.stringContaining('127.0.0.1:1') });
    });

    it('what no ACL allows, each topic by itself', async () => {
      await judge.createTopic('forbidden');
      const { connection } = await open(
        exitTo(kafka.access, 'SASL_PLAINTEXT'),
        addressOf(kafka.access, 'SASL_PLAINTEXT'),
        { sasl: saslOf('plain', 'alice') },
      );
      const { topics } = await firstValueFrom(connection.request(metadata, { topics: ['forbidden'] }));
      expect(topics[0]).toMatchObject({ error: 29, topic: 'forbidden' });
      const written = await firstValueFrom(connection.request(produce, batch('forbidden', [records])));
      expect(written.topics[0]!.partitions[0]).toMatchObject({ error: 29, baseOffset: -1n });
      connection.leave();
    });
  });
});

describeOwnKafka('a broker behind a chaos proxy, whose sessions last 2 s', () => {
  let cluster: Cluster;
  let judge: Judge;

  beforeAll(async () => {
    cluster = await startCluster({ proxied: true, properties: { 'connections.max.reauth.ms': 2_000 } });
    judge = await openJudge(cluster, { listener: 'INTERNAL' });
    await judge.createTopic('t');
    await judge.write('t', [{ value: 'x'.repeat(200_000) }]);
  }, 660_000);
  afterAll(async () => {
    await judge?.close();
    await cluster?.stop();
  });

  const proxy = () => cluster.brokers[0]!.proxy!;
  const through = (options?: ConnectionOptions) =>
    open(exitTo(cluster, 'PLAINTEXT'), addressOf(cluster, 'PLAINTEXT'), options);
  const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'no error',
      (error) => error,
    );

  it.each(['plain', 'scram-sha-512', 'oauthbearer'] as const)(
    'keeps a connection by %s for as long as it is used',
    async (mechanism) => {
      let authenticated = 0;
      const sasl = saslOf(mechanism);
      const token = (): Promise<string> => {
        authenticated += 1;
        return Promise.resolve(unsecuredToken('admin'));
      };
      const { connection, ended } = await open(
        exitTo(cluster, 'SASL_PLAINTEXT'),
        addressOf(cluster, 'SASL_PLAINTEXT'),
        { sasl: 'token' in sasl ? { ...sasl, token } : sasl },
      );
      const topicId = await topicIdOf(connection, 't');
      const until = Date.now() + 6_500;
      let answers = 0;
      const ask = async (): Promise<void> => {
        while (Date.now() < until) {
          await firstValueFrom(connection.request(fetch, asked('t', topicId, 1n, 50)));
          await firstValueFrom(connection.request(metadata, { topics: ['t'] }));
          answers += 1;
        }
      };
      await Promise.all([ask(), ask(), ask()]);
      expect(ended()).toBeUndefined();
      expect(answers).toBeGreaterThan(50);
      if (mechanism === 'oauthbearer') expect(authenticated).toBeGreaterThanOrEqual(4);
      connection.leave();
    },
  );

  it('is cut off within a response', async () => {
    const { connection, ended } = await through();
    const topicId = await topicIdOf(connection, 't');
    proxy().slow(200_000, 'down');
    const asking = errorOf(firstValueFrom(connection.request(fetch, asked('t', topicId, 0n))));
    setTimeout(() => proxy().cut(), 300);
    const error = await asking;
    proxy().heal();
    expect(error).toMatchObject({ code: expect.stringMatching(/KAFKA_(DISCONNECTED|TRUNCATED)/) });
    expect(`${error}`).toContain(`broker 127.0.0.1:${proxy().port}, Fetch`);
    expect(ended()).toMatchObject({ code: (error as KafkaError).code });
  });

  it('stalls', async () => {
    const { connection } = await through({ requestTimeout: 500 });
    proxy().stall();
    const errors = await Promise.all(
      [1, 2].map(() => errorOf(firstValueFrom(connection.request(metadata, { topics: [] })))),
    );
    proxy().heal();
    for (const error of errors) expect(error).toMatchObject({ code: 'KAFKA_TIMEOUT' });
  });

  it('loses a response, and the next one is not taken for it', async () => {
    const { connection } = await through();
    proxy().dropResponse();
    const lost = errorOf(firstValueFrom(connection.request(metadata, { topics: ['lost'] })));
    const next = errorOf(firstValueFrom(connection.request(metadata, { topics: ['next'] })));
    expect(await lost).toMatchObject({ code: 'KAFKA_CORRELATION' });
    expect(await next).toMatchObject({ code: 'KAFKA_CORRELATION' });
  });

  it('is reached again by a pool after each fault', async () => {
    const pool = new Pool(exitTo(cluster, 'PLAINTEXT'), { requestTimeout: 1_000, maxBackoff: 200 });
    const at = addressOf(cluster, 'PLAINTEXT');
    const ask = () => firstValueFrom(pool.request(at, metadata, { topics: ['t'] }));
    for (const fault of ['cut', 'refuse', 'dropResponse'] as const) {
      await ask();
      proxy()[fault]();
      await errorOf(ask());
      proxy().heal();
      await until(ask, 10_000);
    }
    pool.close();
    await until(async () => expect(proxy().connections).toBe(0));
  });
});
