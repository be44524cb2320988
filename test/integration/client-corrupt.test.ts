import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import type { KafkaBegin } from '../../src/protocol/kafka.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { serversOf } from './judged.ts';
import { changing } from './mutated.ts';
import { Subscriber } from './subscriber.ts';

const live = (topic: string): KafkaBegin => ({
  api: 'merged',
  capabilities: 'fetch',
  topic,
  from: { default: 'earliest' },
});

describeKafka('kafka client, when one byte of a batch is flipped', (kafka) => {
  let judge: Judge;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
  });
  afterAll(() => judge.close());

  it('should send what is before it, abort that stream by name, and go on with the others of the same broker', async () => {
    const [harmed, well] = ['corrupt-harmed', 'corrupt-well'];
    for (const topic of [harmed, well]) {
      await judge.createTopic(topic);
      await judge.write(topic, [{ value: 'before' }]);
    }
    let flipped = 0;
    const exit = changing((response) => {
      const at = response.indexOf('to be flipped');
      if (at < 0) return response;
      flipped += 1;
      response[at] = (response[at] as number) ^ 1;
      return response;
    })(tcpClient());
    const binding = client(exit, { servers: serversOf(kafka.access) });
    const [one, other] = [new Subscriber(binding, live(harmed)), new Subscriber(binding, live(well))];
    await one.until(() => one.records.length === 1);
    await other.until(() => other.records.length === 1);
    await judge.write(harmed, [{ value: 'good' }]);
    await judge.write(harmed, [{ value: 'to be flipped' }]);
    await expect(one.over).rejects.toMatchObject({
      code: 'KAFKA_CRC',
      message: expect.stringContaining(`${harmed}/0, offset 2`),
    });
    expect(one.records.map(({ value }) => value)).toEqual(['before', 'good']);
    expect(flipped).toBeGreaterThan(0);
    await judge.write(well, [{ value: 'after' }]);
    await other.until(() => other.records.length === 2);
    expect(other.records.map(({ value }) => value)).toEqual(['before', 'after']);
    // It is what came that is harmed, and not the topic.
    const again = new Subscriber(client(tcpClient(), { servers: serversOf(kafka.access) }), live(harmed));
    await again.until(() => again.records.length === 3);
    again.leave();
    other.leave();
  });
});
