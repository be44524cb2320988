import { type Judge, openJudge } from '../broker/judge.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { judged, serversOf } from './judged.ts';
import { mutations } from './mutations.ts';

jest.setTimeout(120_000);

describeKafka('kafka client, with responses mutated', (kafka) => {
  let judge: Judge;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
  });
  afterAll(() => judge.close());

  it('should end each stream with what is true, or with a fault that has a code', async () => {
    const topic = 'mutations';
    await judge.createTopic(topic, { partitions: 2 });
    for (let batch = 0; batch < 3; batch += 1) {
      const records = Array.from({ length: 10 }, (_, n) => ({
        key: `key ${n}`,
        value: `value ${batch}`,
        partition: n % 2,
        headers: { h: 'x' },
      }));
      await judge.write(topic, records);
    }
    const truth = (await judge.read(topic)).map(judged);
    const { outcomes, mistakes } = await mutations({
      servers: serversOf(kafka.access),
      topic,
      truth,
      rounds: 1_000,
      seed: 1,
    });
    expect(mistakes).toEqual([]);
    // Neither does everything fail, nor nothing.
    expect(outcomes.END).toBeGreaterThan(100);
    expect(outcomes.KAFKA_CRC).toBeGreaterThan(10);
    expect(outcomes.KAFKA_RESPONSE).toBeGreaterThan(10);
  });
});
