import { randomUUID } from 'node:crypto';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  CompressionTypes,
  ResourcePatternTypes,
} from 'kafkajs';
import { type ClientOptions, kafkaClient } from '../broker/client.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { tool } from '../broker/tool.ts';
import { until } from '../broker/until.ts';
import { describeKafka, type SharedKafka } from '../broker/use-kafka.ts';

const WAYS: readonly ClientOptions[] = [
  { listener: 'PLAINTEXT' },
  { listener: 'INTERNAL' },
  { listener: 'SSL' },
  { listener: 'SSL', certificate: true },
  { listener: 'SASL_PLAINTEXT', mechanism: 'PLAIN' },
  { listener: 'SASL_PLAINTEXT', mechanism: 'SCRAM-SHA-256' },
  { listener: 'SASL_PLAINTEXT', mechanism: 'SCRAM-SHA-512' },
  { listener: 'SASL_PLAINTEXT', mechanism: 'OAUTHBEARER' },
  { listener: 'SASL_SSL', mechanism: 'PLAIN' },
  { listener: 'SASL_SSL', mechanism: 'SCRAM-SHA-256' },
  { listener: 'SASL_SSL', mechanism: 'SCRAM-SHA-512' },
  { listener: 'SASL_SSL', mechanism: 'OAUTHBEARER' },
];

const RECORDS = [
  { key: 'a', value: 'one', headers: { trace: '1' }, partition: 0, timestamp: 1_700_000_000_000 },
  { key: null, value: 'two', partition: 1 },
  { key: 'a', value: null, partition: 0 },
];

const oneTry = { retry: { retries: 0 } };

describeKafka('a genuine Kafka', (kafka) => {
  let judge: Judge;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
  });
  afterAll(() => judge?.close());

  async function newTopic(...options: Parameters<Judge['createTopic']> extends [string, ...infer Rest] ? Rest : never) {
    const topic = `t-${randomUUID()}`;
    await judge.createTopic(topic, ...options);
    return topic;
  }

  describe('reached by kafkajs', () => {
    it.each(WAYS)('should write and read back through %o', async (way) => {
      const client = await openJudge(kafka.access, way);
      try {
        const topic = await newTopic({ partitions: 2 });
        await client.write(topic, RECORDS, { compression: CompressionTypes.GZIP });
        expect((await client.read(topic)).map(plain)).toEqual([
          { partition: 0, offset: 0n, key: 'a', value: 'one', headers: { trace: '1' } },
          { partition: 0, offset: 1n, key: 'a', value: undefined, headers: {} },
          { partition: 1, offset: 0n, key: undefined, value: 'two', headers: {} },
        ]);
      } finally {
        await client.close();
      }
    });

    it('should refuse a wrong password', async () => {
      const sasl = { mechanism: 'plain', username: 'admin', password: 'wrong' } as const;
      const config = { ...oneTry, sasl };
      const admin = kafkaClient(kafka.access, { listener: 'SASL_PLAINTEXT', config }).admin();
      await expect(admin.connect()).rejects.toThrow('Authentication failed');
      await admin.disconnect();
    });

    it('should refuse a user whom no ACL allows, and serve him once one does', async () => {
      const topic = await newTopic();
      const alice = await openJudge(kafka.access, { listener: 'SASL_PLAINTEXT', user: 'alice', config: oneTry });
      try {
        await expect(alice.write(topic, [{ value: 'x' }])).rejects.toThrow('Not authorized');
        await judge.admin.createAcls({ acl: [AclOperationTypes.WRITE, AclOperationTypes.DESCRIBE].map(allow(topic)) });
        await until(() => alice.write(topic, [{ value: 'x' }]));
        await expect(alice.read(topic)).rejects.toThrow('Not authorized');
        expect(await judge.read(topic)).toHaveLength(1);
      } finally {
        await alice.close();
      }
    });
  });

  describe("as seen by Kafka's own tools", () => {
    it('should show the console consumer what kafkajs wrote', async () => {
      const topic = await newTopic({ partitions: 1 });
      await judge.write(topic, [{ key: 'k', value: 'grüße', headers: { h: 'v' }, partition: 0 }]);
      const print = ['key', 'headers', 'offset'].flatMap((what) => ['--formatter-property', `print.${what}=true`]);
      const some = ['--topic', topic, '--from-beginning', '--max-messages', '1', '--timeout-ms', '30000'];
      expect(await tool('kafka-console-consumer', [...server(kafka), ...some, ...print])).toBe(
        'Offset:0\th:v\tk\tgrüße\n',
      );
    });

    it('should show kafkajs what the console producer wrote', async () => {
      const topic = await newTopic();
      const keyed = ['--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:'];
      await tool('kafka-console-producer', [...server(kafka), '--topic', topic, ...keyed], 'a:1\nb:2\n');
      expect((await judge.read(topic)).map(plain)).toMatchObject([
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
      ]);
    });

    it('should say what a tool says when it fails', async () => {
      const describe = ['--describe', '--topic', 'no-such-topic'];
      await expect(tool('kafka-topics', [...server(kafka), ...describe])).rejects.toThrow(
        "'no-such-topic' does not exist",
      );
    });
  });

  describe('read by the judge', () => {
    it('should end where a topic ends in transaction markers', async () => {
      const topic = await newTopic();
      const producer = judge.kafka.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
      await producer.connect();
      for (const [value, outcome] of [
        ['kept', 'commit'],
        ['dropped', 'abort'],
      ] as const) {
        const transaction = await producer.transaction();
        await transaction.send({ topic, messages: [{ value }] });
        await transaction[outcome]();
      }
      await producer.disconnect();
      const values = async (...isolation: ['read_uncommitted'?]) =>
        (await judge.read(topic, ...isolation)).map(({ value }) => `${value}`);
      expect(await values()).toEqual(['kept']);
      expect(await values('read_uncommitted')).toEqual(['kept', 'dropped']);
    });

    it('should start where deleted records end, and tell configs', async () => {
      const topic = await newTopic({ config: { 'retention.ms': '12345678' } });
      await judge.write(topic, [{ value: '0' }, { value: '1' }, { value: '2' }], { acks: 1 });
      await judge.deleteRecords(topic, 0, 2n);
      expect((await judge.read(topic)).map(plain)).toMatchObject([{ offset: 2n, value: '2' }]);
      expect(await judge.configs(topic)).toMatchObject({ 'retention.ms': '12345678', 'cleanup.policy': 'delete' });
    });

    it('should see compaction and retention within seconds', async () => {
      const eager = { 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.01', 'max.compaction.lag.ms': '100' };
      const compacted = await newTopic({ config: { ...eager, 'cleanup.policy': 'compact' } });
      const expiring = await newTopic({ config: { 'retention.ms': '100', 'segment.ms': '100' } });
      await judge.write(expiring, [{ value: 'old' }]);
      let round = 0;
      await until(async () => {
        await judge.write(compacted, [{ key: 'k', value: `${round++}` }]);
        expect((await judge.read(compacted)).length).toBeLessThan(round);
        expect(await judge.read(expiring)).toEqual([]);
      });
    });

    it('should not find a topic that was deleted', async () => {
      const topic = await newTopic();
      await judge.deleteTopic(topic);
      expect(await judge.admin.listTopics()).not.toContain(topic);
    });
  });
});

function plain({ partition, offset, key, value, headers }: Awaited<ReturnType<Judge['read']>>[number]) {
  const texts = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, `${text}`]));
  return { partition, offset, key: key?.toString(), value: value?.toString(), headers: texts };
}

function server(kafka: SharedKafka): string[] {
  return ['--bootstrap-server', kafka.access.bootstrap.PLAINTEXT.join(',')];
}

function allow(topic: string) {
  return (operation: AclOperationTypes) => ({
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: 'User:alice',
    host: '*',
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  });
}
