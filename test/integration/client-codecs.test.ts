import { type Judge, openJudge } from '../broker/judge.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { COMPRESSIONS, writtenByKafka, writtenByKafkajs, writtenByUs } from './codecs.ts';

/** `npm run prove` has 100,000. */
const RECORDS = 20_000;

describeKafka(`${RECORDS} records of each codec`, (kafka) => {
  let judge: Judge;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
  });
  afterAll(() => judge.close());
  const options = () => ({ access: kafka.access, judge, records: RECORDS });

  it.each(COMPRESSIONS)('should be read by Kafka’s own clients as they were written: %s', async (compression) => {
    expect(await writtenByUs(options(), compression)).toEqual([]);
  });

  it.each(COMPRESSIONS)('should be read as Kafka’s own clients wrote them: %s', async (compression) => {
    expect(await writtenByKafka(options(), compression)).toEqual([]);
  });

  it.each(['none', 'gzip'] as const)('should be read as kafkajs wrote them, in order: %s', async (compression) => {
    expect(await writtenByKafkajs(options(), compression)).toEqual([]);
  });
});
