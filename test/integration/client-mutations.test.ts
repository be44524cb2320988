import { type Judge, openJudge } from '../broker/judge.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { serversOf } from './judged.ts';
import { mutations } from './mutations.ts';

/** `npm run prove` has 10,000; among these are the two whose streams once never ended, 41 and 121. */
const ROUNDS = 300;

describeKafka('kafka client, with responses mutated', (kafka) => {
  let judge: Judge;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
  });
  afterAll(() => judge.close());

  it('should end each stream with what is true, or with a fault that has a code', async () => {
    const servers = serversOf(kafka.access);
    const { outcomes, mistakes } = await mutations({ servers, judge, rounds: ROUNDS, seed: 1 });
    expect(mistakes).toEqual([]);
    // Neither does everything fail, nor nothing.
    expect(outcomes.END).toBeGreaterThan(30);
    expect(outcomes.KAFKA_CRC).toBeGreaterThan(3);
    expect(outcomes.KAFKA_RESPONSE).toBeGreaterThan(3);
  });
});
