import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { messages } from '../../src/messages/index.ts';
import type { Kafka, KafkaBegin } from '../../src/protocol/kafka.ts';
import type { Binding } from '../../src/protocol.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { Directories, pairOf } from './pair.ts';
import { readToEnd, Subscriber } from './subscriber.ts';

jest.setTimeout(60_000);

const all = (topic: string, more: Partial<Extract<KafkaBegin, { api: 'merged' }>> = {}): KafkaBegin => ({
  api: 'merged',
  capabilities: 'fetch',
  topic,
  from: { default: 'earliest' },
  until: 'latest',
  ...more,
});

describeKafka('a cache pair', (kafka) => {
  const directories = new Directories();
  let judge: Judge;
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
  });
  afterAll(async () => {
    await judge.close();
    directories.remove();
  });

  it('should tell that a topic was made again since, and read the one that has its name', async () => {
    const topic = 'pair-again';
    const dir = directories.of(topic);
    const pair = pairOf(kafka.access, { dir });
    await judge.createTopic(topic);
    await judge.write(topic, [{ value: 'a' }, { value: 'b' }]);
    const reading = (binding: Binding<Kafka>, more: object) => messages(binding, { topic, from: 'earliest', ...more });
    const { progress } = await firstValueFrom(reading(pair, {}));
    expect(progress).toEqual({ topicId: expect.stringMatching(/^[\w-]{22}$/), offsets: { 0: '1' } });
    // One is open meanwhile, and is told as it reads.
    const open = new Subscriber(pair, all(topic, { until: undefined as never }));
    await open.until(() => open.marks.some(({ mark }) => mark === 'caught-up'));
    await judge.deleteTopic(topic);
    await judge.createTopic(topic);
    await judge.write(topic, [{ value: 'c' }, { value: 'd' }]);
    const options = { from: progress, until: 'latest', value: 'string', marks: true };
    const told = async (binding: Binding<Kafka>) => {
      const items = await until(() => lastValueFrom(reading(binding, options).pipe(toArray())));
      return items.filter(({ mark }) => (mark as string | undefined) !== 'progress');
    };
    const expected = ['gap recreated', 'c', 'd', 'caught-up'];
    const shown = (items: Awaited<ReturnType<typeof told>>) =>
      items.map((item) => ('reason' in item ? `gap ${item.reason}` : (item.mark ?? item.value)));
    const items = await told(pair);
    expect(shown(items)).toEqual(expected);
    const { offsets, topicId } = items.at(-1)?.progress ?? {};
    expect([offsets, topicId === progress.topicId]).toEqual([{ 0: '2' }, false]);
    open.leave();
    // And one that opens what is cached once more.
    expect(shown(await told(pairOf(kafka.access, { dir })))).toEqual(expected);
  });

  it('should tell a fresh start nothing of what the source had removed before', async () => {
    const topic = 'pair-began-late';
    await judge.createTopic(topic);
    await judge.write(
      topic,
      [0, 1, 2, 3].map((n) => ({ value: `${n}` })),
    );
    await judge.deleteRecords(topic, 0, 2n);
    const pair = pairOf(kafka.access, { dir: directories.of(topic) });
    for (const _ of ['cold', 'warm']) {
      const read = await readToEnd(pair, all(topic));
      expect(read.begun).toMatchObject({ partitions: [{ partition: 0, offset: 2n }] });
      expect(read.records.map(({ value }) => value)).toEqual(['2', '3']);
      expect(read.marks).toEqual([{ mark: 'caught-up' }]);
    }
    const explicit = await readToEnd(pair, all(topic, { from: { default: { offset: 1n } } }));
    expect(explicit.marks).toEqual([
      { mark: 'gap', partition: 0, from: 1n, to: 2n, reason: 'retention' },
      { mark: 'caught-up' },
    ]);
  });
});
