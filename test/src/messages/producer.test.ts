import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from, lastValueFrom, toArray } from 'rxjs';
import { lawful } from '../../../src/lawful.ts';
import type { Encoding } from '../../../src/messages/encoding.ts';
import { type ProduceOptions, produce } from '../../../src/messages/producer.ts';
import type { Kafka } from '../../../src/protocol/kafka.ts';
import type { Binding } from '../../../src/protocol.ts';
import { FakeKafka, type FakeOptions } from '../../cli/fake-kafka.ts';
import { until } from '../kafka/clock.ts';

/** A producer to a fake topic `t`, whose streams are held to the laws. */
function producing<K extends Encoding = 'bytes', V extends Encoding = 'bytes'>(
  options: Partial<ProduceOptions<K, V>> = {},
  fake: FakeOptions = {},
) {
  const kafka = new FakeKafka(fake);
  const binding: Binding<Kafka> = (initial) => initial.pipe(lawful('initial'), kafka.binding, lawful('reply'));
  return { kafka, producer: produce<K, V>(binding, { topic: 't', ...options } as ProduceOptions<K, V>) };
}

const values = ({ produced }: FakeKafka): string[] => produced.map(({ value }) => value);
const fault = { code: 'KAFKA_ERROR', message: 'MESSAGE_TOO_LARGE (10): t/0' };
const b = (text: string): Uint8Array => Buffer.from(text);

describe('a producer', () => {
  it.each([
    ['acks', '1', 'all or leader or none'],
    ['key', 'jsn', 'bytes or string or json'],
  ])('should refuse a word for %s that is none, as plain JavaScript may have it', (option, word, words) => {
    expect(() => producing({ [option]: word })).toThrow(`OPTION_INVALID: ${option} must be ${words}, not ${word}`);
  });

  describe('that is sent records', () => {
    it('should answer where each stands, all of them over one stream', async () => {
      const { producer, kafka } = producing();
      expect(kafka.opened).toEqual([]);
      const sent = await Promise.all(['a', 'b', 'c'].map((value) => producer.send({ value })));
      expect(sent).toEqual([0n, 1n, 2n].map((offset) => ({ partition: 0, offset, timestamp: 0n })));
      expect(await producer.send({ value: b('d') })).toMatchObject({ offset: 3n });
      expect(kafka.opened).toEqual([
        { api: 'merged', capabilities: 'produce', topic: 't', from: { default: 'latest' } },
      ]);
      expect(values(kafka)).toEqual(['a', 'b', 'c', 'd']);
      await producer.close();
      expect(kafka.left).toBe(true);
    });

    it('should send all that a record is', async () => {
      const { producer, kafka } = producing();
      await producer.send({
        key: 'k',
        value: 'v',
        headers: { a: '1', b: [b('2'), null] },
        timestamp: new Date(5),
        partition: 3,
        acks: 'leader',
      });
      await producer.send({
        key: null,
        value: null,
        headers: [{ name: 'a', value: null }],
        timestamp: 7n,
        hashKey: 'h',
      });
      expect(kafka.produced).toMatchObject([
        {
          key: b('k'),
          value: 'v',
          headers: [
            { name: 'a', value: b('1') },
            { name: 'b', value: b('2') },
            { name: 'b', value: null },
          ],
          timestamp: 5n,
          partition: 3,
          acks: 'leader',
        },
        {
          key: null,
          value: '',
          tombstone: true,
          headers: [{ name: 'a', value: null }],
          timestamp: 7n,
          hashKey: b('h'),
        },
      ]);
    });

    it('should write keys and values as it is told', async () => {
      const { producer, kafka } = producing({ key: (id: number) => `id-${id}`, value: 'json' });
      await producer.send({ key: 7, value: { n: [1, 'é'] } });
      await producer.send({ value: null });
      expect(kafka.produced).toMatchObject([{ key: b('id-7') }, { key: null, tombstone: true }]);
      expect(Buffer.from(kafka.produced[0]?.value ?? '', 'latin1').toString()).toBe('{"n":[1,"é"]}');
    });

    it.each([
      [{ value: 5 }, /the value of a record: number is neither/],
      [{ key: {}, value: 'v' }, /the key of a record: object is neither/],
      [{ value: undefined }, /the value of a record: undefined is neither/],
      [{ value: 'v', headers: { h: 5 } }, /the header h of a record: number/],
      [{ value: 'v', timestamp: 1.5 }, /the timestamp of a record: 1.5/],
      [{ value: 'v', timestamp: new Date('x') }, /the timestamp of a record: NaN/],
      [{ value: 'v', partition: -1 }, /the partition of a record: -1/],
    ])('should refuse %j, and send those around it', async (wrong, message) => {
      const { producer, kafka } = producing();
      const sent = await Promise.allSettled([
        producer.send({ value: 'a' }),
        producer.send(wrong as never),
        producer.send({ value: 'b' }),
      ]);
      expect(sent).toMatchObject([
        { status: 'fulfilled' },
        { reason: { code: 'MESSAGE_ENCODE', message: expect.stringMatching(message) } },
        { status: 'fulfilled' },
      ]);
      expect(values(kafka)).toEqual(['a', 'b']);
    });

    it('should reject with what an encoder throws as the cause', async () => {
      const bug = new RangeError('a bug');
      const value = (): string => {
        throw bug;
      };
      const { producer } = producing({ value });
      await expect(producer.send({ value: 'v' } as never)).rejects.toMatchObject({
        code: 'MESSAGE_ENCODE',
        cause: bug,
      });
    });

    it("should reject with a record's own fault, and that one alone", async () => {
      const { producer } = producing({}, { refuses: (record) => (record === 1 ? { fault } : undefined) });
      const sent = await Promise.allSettled(['a', 'b', 'c'].map((value) => producer.send({ value })));
      expect(sent).toMatchObject([
        { status: 'fulfilled' },
        { reason: { name: 'SluiceError', code: 'KAFKA_ERROR', message: 'KAFKA_ERROR: MESSAGE_TOO_LARGE (10): t/0' } },
        { status: 'fulfilled' },
      ]);
    });

    it('should reject all that a failed stream has not answered, and open another with the next', async () => {
      const { producer, kafka } = producing({}, { window: 1, credits: false });
      const sent = Promise.allSettled(['a', 'b', 'c'].map((value) => producer.send({ value })));
      kafka.abort(fault);
      expect(await sent).toMatchObject([
        { status: 'fulfilled' },
        { reason: { code: 'KAFKA_ERROR' } },
        { status: 'rejected' },
      ]);
      await producer.send({ value: 'd' });
      expect(kafka.opened.length).toBe(2);
      expect(values(kafka)).toEqual(['a', 'd']);
    });

    it('should reject with a defect of the binding', async () => {
      const producer = produce(
        () => {
          throw new TypeError('a bug');
        },
        { topic: 't' },
      );
      await expect(producer.send({ value: 'a' })).rejects.toThrow('a bug');
      await expect(producer.send({ value: 'a' })).rejects.toThrow('a bug');
    });

    it('should take no more once it is closed', async () => {
      const { producer, kafka } = producing();
      const sent = producer.send({ value: 'a' });
      await producer.close();
      expect(await sent).toMatchObject({ offset: 0n });
      await expect(producer.send({ value: 'b' })).rejects.toMatchObject({ code: 'PRODUCE_CLOSED' });
      expect(() => producer.open()).toThrow('PRODUCE_CLOSED');
      expect(values(kafka)).toEqual(['a']);
    });

    it('should write to one partition over a produce stream, with its acks on each record', async () => {
      const { producer, kafka } = producing({ partition: 2, acks: 'leader' });
      await producer.send({ value: 'a' });
      expect(kafka.opened).toEqual([{ api: 'produce', topic: 't', partition: 2 }]);
      expect(kafka.produced).toMatchObject([{ acks: 'leader' }]);
    });
  });

  describe('as an Observer', () => {
    it('should send what a source emits, tell what became of it, and complete with it', async () => {
      const { producer, kafka } = producing({}, { refuses: (record) => (record === 1 ? { fault } : undefined) });
      const answers = lastValueFrom(producer.answers.pipe(toArray()));
      from(['a', 'b', 'c'].map((value) => ({ value }))).subscribe(producer);
      expect(await answers).toMatchObject([
        { answer: 'produced', record: 0, partition: 0, offset: 0n },
        { answer: 'refused', record: 1, error: { code: 'KAFKA_ERROR' } },
        { answer: 'produced', record: 2, offset: 2n },
      ]);
      await expect(producer.close()).rejects.toMatchObject({ code: 'KAFKA_ERROR' });
      expect([values(kafka), kafka.left]).toEqual([['a', 'b', 'c'], true]);
    });

    it('should tell records of a failed stream as unknown', async () => {
      const { producer } = producing({}, { refuses: (record) => (record === 1 ? { fault, aborts: true } : undefined) });
      const answers = lastValueFrom(producer.answers.pipe(toArray()));
      for (const value of ['a', 'b']) producer.next({ value });
      producer.complete();
      expect(await answers).toMatchObject([
        { answer: 'produced', record: 0 },
        { answer: 'unknown', record: 1, error: { code: 'KAFKA_ERROR' } },
      ]);
    });

    it('should say when there is no room, and when there is again', async () => {
      const { producer, kafka } = producing({ highWaterMark: 1_000 }, { window: 100, credits: false });
      let given = 0;
      while (producer.next({ value: 'x'.repeat(99) })) given += 1;
      expect(given).toBeLessThan(12);
      let isReady = false;
      const ready = producer.ready().then(() => {
        isReady = true;
      });
      await new Promise((done) => setImmediate(done));
      expect(isReady).toBe(false);
      kafka.abort(fault);
      await ready;
      expect(producer.hasRoom).toBe(true);
    });

    it('should have room again as records leave', async () => {
      const { producer, kafka } = producing({ highWaterMark: 1_000 }, { window: 100 });
      for (let count = 0; count < 1_000; count += 1) {
        if (!producer.next({ value: `${count}`.padEnd(100) })) await producer.ready();
      }
      await producer.close();
      expect(kafka.produced.length).toBe(1_000);
    });

    it('should reject on close with what its source failed with, once all is answered', async () => {
      const { producer, kafka } = producing();
      producer.next({ value: 'a' });
      producer.error(new Error('the source'));
      await expect(producer.close()).rejects.toThrow('the source');
      expect(values(kafka)).toEqual(['a']);
    });

    it('should complete at once when nothing was given', async () => {
      const { producer, kafka } = producing();
      const answers = lastValueFrom(producer.answers.pipe(toArray()));
      await producer.close();
      expect([await answers, kafka.opened]).toEqual([[], []]);
    });
  });

  describe('that opens a record', () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));

    it('should take a value of any length, and finish when it is answered', async () => {
      const { producer, kafka } = producing({ key: 'string' });
      const record = producer.open({ key: 'k', headers: { h: 'v' } });
      const pieces = Array.from({ length: 30 }, (_, index) => bytes.subarray(index * 10_000, (index + 1) * 10_000));
      await pipeline(Readable.from(pieces), record);
      expect(await record.answer).toEqual({ partition: 0, offset: 0n, timestamp: 0n });
      expect(kafka.produced).toMatchObject([{ key: b('k'), headers: [{ name: 'h' }] }]);
      expect(Buffer.from(kafka.produced[0]?.value ?? '', 'latin1').equals(bytes)).toBe(true);
      expect(kafka.left).toBe(true);
    });

    it('should take an empty value', async () => {
      const { producer, kafka } = producing();
      const record = producer.open();
      record.end();
      expect(await record.answer).toMatchObject({ offset: 0n });
      expect(kafka.produced).toMatchObject([{ value: '' }]);
      expect(kafka.produced[0]?.tombstone).toBe(undefined);
    });

    it('should hold back who writes, while there is no credit', async () => {
      const { producer } = producing({ highWaterMark: 10_000 }, { window: 100, credits: false });
      const record = producer.open();
      let written = 0;
      while (written < 100 && record.write(bytes.subarray(0, 1_000))) written += 1;
      expect(written).toBeLessThan(25);
      record.destroy();
    });

    it("should fail with the record's own fault", async () => {
      const { producer } = producing({}, { refuses: () => ({ fault }) });
      await expect(pipeline(Readable.from([bytes]), producer.open())).rejects.toMatchObject({ code: 'KAFKA_ERROR' });
      const record = producer.open();
      record.end('v');
      await expect(record.answer).rejects.toMatchObject({ code: 'KAFKA_ERROR' });
    });

    it('should fail when its stream does, in the middle', async () => {
      const { producer, kafka } = producing();
      const record = producer.open();
      record.write('begun');
      const answer = record.answer;
      kafka.abort(fault);
      await expect(answer).rejects.toMatchObject({ code: 'KAFKA_ERROR' });
      expect([record.destroyed, kafka.produced]).toEqual([true, []]);
    });

    it('should leave nothing behind when its source fails or it is destroyed', async () => {
      const { producer, kafka } = producing();
      const failing = Readable.from(
        (async function* () {
          yield 'begun';
          throw new Error('the source');
        })(),
      );
      await expect(pipeline(failing, producer.open() as Writable)).rejects.toThrow('the source');
      expect([kafka.produced, kafka.left]).toEqual([[], true]);
      const record = producer.open();
      record.write('begun');
      record.destroy();
      await expect(record.answer).rejects.toMatchObject({ code: 'PRODUCE_CLOSED' });
      expect(kafka.produced).toEqual([]);
    });

    it('should hold up no other record while it is unfinished', async () => {
      const { producer, kafka } = producing();
      const record = producer.open();
      record.write('begun, ');
      await until(() => kafka.opened.length === 1);
      expect(await producer.send({ value: 'whole' })).toMatchObject({ offset: 0n });
      record.end('and ended');
      expect(await record.answer).toMatchObject({ offset: 1n });
      expect(values(kafka)).toEqual(['whole', 'begun, and ended']);
    });
  });
});
