import { lastValueFrom, Observable, toArray } from 'rxjs';
import { emit } from '../../../src/emitter.ts';
import { type Data, end, flush } from '../../../src/frame.ts';
import { listen } from '../../../src/listen.ts';
import { type MessagesOptions, messages } from '../../../src/messages/messages.ts';
import { Stand, Track } from '../../../src/messages/track.ts';
import type { Kafka, KafkaBegin, KafkaMark, KafkaRecord, KafkaReplyBegin } from '../../../src/protocol/kafka.ts';
import type { Binding } from '../../../src/protocol.ts';
import type { Run } from '../../../src/run.ts';
import { dataOf, recordOf } from '../../cli/fake-kafka.ts';

type Sent = Data<Run<KafkaRecord>> | KafkaMark;

const at = (partition: number, offset: bigint) => ({
  partition,
  offset,
  lastStableOffset: 100n,
  highWatermark: 100n,
});
const merged = (topicId: string | undefined, ...offsets: bigint[]): KafkaReplyBegin => ({
  api: 'merged',
  ...(topicId !== undefined && { topicId }),
  partitions: offsets.map((offset, partition) => at(partition, offset)),
  cleanupPolicy: 'delete',
});
const record = (partition: number, offset: number) => recordOf(offset, `${partition}/${offset}`, { partition });

/** Answers every stream with the same, and ends. */
function answering(ext: KafkaReplyBegin, ...sends: Sent[]) {
  const opened: KafkaBegin[] = [];
  const binding: Binding<Kafka> = (initial) =>
    new Observable((out) => {
      const left = [...sends];
      const outlet = emit<Kafka['reply']>(out, {
        pull(balance) {
          const [next] = left;
          if (next === undefined) return end();
          if ('kind' in next && balance <= 0) return undefined;
          left.shift();
          return 'kind' in next ? next : flush(next);
        },
      });
      listen(initial, out, {
        next(frame) {
          if (frame.kind !== 'begin') return;
          opened.push(frame.ext);
          outlet.begin(ext);
        },
        complete() {},
      });
    });
  const read = (options: Partial<MessagesOptions<'string', 'string', true>> = {}) =>
    lastValueFrom(
      messages(binding, { topic: 't', from: 'earliest', value: 'string', marks: true, ...options }).pipe(toArray()),
    );
  return { binding, opened, read };
}

describe('progress', () => {
  it('should list every partition, read up to the message, with the id of the topic', async () => {
    const sends = [dataOf(record(1, 7), record(1, 9)), dataOf(record(0, 3)), dataOf(record(2, 0))];
    const items = await answering(merged('one', 3n, 5n), ...sends).read();
    expect(items.map(({ progress }) => progress)).toEqual([
      { topicId: 'one', offsets: { 0: '3', 1: '8' } },
      { topicId: 'one', offsets: { 0: '3', 1: '10' } },
      { topicId: 'one', offsets: { 0: '4', 1: '10' } },
      { topicId: 'one', offsets: { 0: '4', 1: '10', 2: '1' } },
    ]);
  });

  it('should be what it was when the message came, whatever is read later', async () => {
    const sends = Array.from({ length: 100 }, (_, n) => dataOf(record(n % 3, n)));
    const items = await answering(merged(undefined, 0n, 0n, 0n), ...sends).read();
    for (const [n, { progress }] of items.entries()) {
      const next = (partition: number) => {
        const last = Array.from({ length: n + 1 }, (_, at) => at).findLast((at) => at % 3 === partition);
        return last === undefined ? '0' : String(last + 1);
      };
      expect(progress).toEqual({ offsets: { 0: next(0), 1: next(1), 2: next(2) } });
    }
  });

  it('should pass over what is filtered or gone, as marks tell', async () => {
    const items = await answering(
      merged('one', 0n, 0n),
      { mark: 'progress', partition: 0, offsets: new Map([[0, 50n]]) },
      { mark: 'gap', partition: 1, from: 0n, to: 20n, reason: 'retention' },
      dataOf(record(0, 60)),
    ).read();
    expect(items.map(({ progress }) => progress.offsets)).toEqual([
      { 0: '50', 1: '0' },
      { 0: '50', 1: '20' },
      { 0: '61', 1: '20' },
    ]);
  });

  it('should be taken as it is, and after JSON, to open a stream where it was left', async () => {
    const [item] = await answering(merged('one', 3n, 5n), dataOf(record(1, 7))).read();
    const saved = JSON.parse(JSON.stringify(item?.progress));
    for (const from of [saved, item?.progress]) {
      const { read, opened } = answering(merged('one', 3n, 8n));
      await read({ from });
      expect(opened).toEqual([
        {
          api: 'merged',
          capabilities: 'fetch',
          topic: 't',
          from: {
            default: 'earliest',
            partitions: new Map([
              [0, { offset: 3n }],
              [1, { offset: 8n }],
            ]),
          },
        },
      ]);
    }
  });

  it('should open one partition where it was left', async () => {
    const { read, opened } = answering({ api: 'fetch', topicId: 'one', ...at(1, 8n) });
    await read({ from: { topicId: 'one', offsets: { 0: '3', 1: '8' } }, partition: 1 });
    expect(opened).toEqual([{ api: 'fetch', partition: 1, from: { offset: 8n }, topic: 't' }]);
  });
});

describe('a topic that was made again', () => {
  const from = { topicId: 'one', offsets: { 0: '30', 1: '40' } };

  it('should be told as a gap of each partition of a saved progress, and read from its start', async () => {
    const { read, opened } = answering(merged('two', 0n), dataOf(record(0, 0)));
    const items = await read({ from });
    expect(items).toMatchObject([
      {
        mark: 'gap',
        topic: 't',
        partition: 0,
        from: 30n,
        reason: 'recreated',
        progress: { topicId: 'two', offsets: {} },
      },
      { mark: 'gap', topic: 't', partition: 1, from: 40n, reason: 'recreated' },
      { partition: 0, offset: 0n, value: '0/0', progress: { topicId: 'two', offsets: { 0: '1' } } },
    ]);
    expect(opened.map((one) => 'from' in one && one.from)).toMatchObject([
      {
        partitions: new Map([
          [0, { offset: 30n }],
          [1, { offset: 40n }],
        ]),
      },
      { default: 'earliest' },
    ]);
  });

  it('should be an error of a saved progress, without marks', async () => {
    const { binding } = answering(merged('two', 0n), dataOf(record(0, 0)));
    await expect(messages(binding, { topic: 't', from })[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'MESSAGE_GAP',
      message: 'MESSAGE_GAP: t/0 has no offset 30 or those behind it: recreated',
    });
  });

  it('should leave nothing of the former one in the progress of a stream that goes on', async () => {
    const gap = (partition: number, offset: bigint): KafkaMark => ({
      mark: 'gap',
      partition,
      from: offset,
      to: offset,
      reason: 'recreated',
      topicId: 'two',
    });
    const items = await answering(
      merged('one', 5n, 6n),
      gap(0, 5n),
      dataOf(record(1, 6)),
      dataOf(record(0, 0)),
      gap(1, 7n),
      dataOf(record(1, 0)),
    ).read();
    expect(items.map(({ progress }) => progress)).toEqual([
      { topicId: 'two', offsets: {} },
      { topicId: 'two', offsets: {} },
      { topicId: 'two', offsets: { 0: '1' } },
      { topicId: 'two', offsets: { 0: '1' } },
      { topicId: 'two', offsets: { 0: '1', 1: '1' } },
    ]);
  });
});

describe('a track', () => {
  it('should stay small however far it goes', () => {
    const track = new Track();
    track.begin(merged('one', 0n, 0n));
    for (let step = 0; step < 100_000; step += 1) track.move(step % 2, BigInt(step));
    expect(track.stand.progress.offsets).toEqual({ 0: '99998', 1: '99999' });
    expect(new Stand('one').progress).toEqual({ topicId: 'one', offsets: {} });
  });
});

describe('from', () => {
  const opened = (from: MessagesOptions['from']): unknown => {
    const { binding, opened } = answering(merged('one'));
    messages(binding, { topic: 't', from }).subscribe();
    const [begin] = opened;
    return begin !== undefined && 'from' in begin && begin.from;
  };

  it.each([
    ['earliest', { default: 'earliest' }],
    ['latest', { default: 'latest' }],
    [17n, { default: { offset: 17n } }],
    [{ offset: '17' }, { default: { offset: 17n } }],
    [new Date(1_700_000_000_000), { default: { timestamp: 1_700_000_000_000n } }],
    [{ timestamp: 5 }, { default: { timestamp: 5n } }],
    [
      { partitions: { 0: 'latest', 2: 4n } },
      {
        default: 'earliest',
        partitions: new Map<number, unknown>([
          [0, 'latest'],
          [2, { offset: 4n }],
        ]),
      },
    ],
    [{ default: 'latest', partitions: {} }, { default: 'latest' }],
  ] as const)('should take %p', (from, expected) => {
    expect(opened(from as MessagesOptions['from'])).toEqual(expected);
  });

  it.each([
    -1n,
    2n ** 63n,
    { offset: 1.5 },
    { offset: 'x' },
    new Date('x'),
    { offsets: { a: '1' } },
    { offsets: { 0: '-1' } },
    'soon',
    null,
    {},
  ])('should refuse %p', (from) => {
    expect(() => opened(from as MessagesOptions['from'])).toThrow(/OPTION_INVALID: from is no place/);
  });
});
