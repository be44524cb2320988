import { Subject, throwError } from 'rxjs';
import type { Control } from '../../../src/control.ts';
import { abort, begin, data, end } from '../../../src/frame.ts';
import { ProduceLane, type ProduceLaneOptions } from '../../../src/producing/produce-lane.ts';
import type { Fragment, KafkaAnswer, ProducedRecord } from '../../../src/protocol/kafka.ts';
import { KafkaError } from '../../../src/protocol/kafka-error.ts';
import { setup as producing, values } from '../kafka/producer/setup.ts';

/** What is sent of a record: the first with `opens`. */
const fragment = (text: string, opens: Partial<ProducedRecord> | undefined, last = true): Fragment => ({
  body: Buffer.from(text),
  ...(opens && { opens: { key: null, headers: [], ...opens } }),
  last,
  cut: () => undefined,
  detach() {
    return this;
  },
});

/** A lane whose sender counts its credit. */
function open(
  { fake, producer }: Pick<ReturnType<typeof producing>, 'fake' | 'producer'>,
  options: Partial<ProduceLaneOptions> = {},
) {
  const seen = {
    answers: [] as KafkaAnswer[],
    isDone: false,
    failure: undefined as unknown,
    balance: 0,
    granted: 0,
    refused: false,
  };
  const lane = new ProduceLane({
    ...{ topic: 't', acks: 'all', window: 100, maxRecord: 1_000 },
    partitions: fake.cluster.topic('t', { create: true }),
    send: (partition, record, how, done) => producer.send('t', partition, record, how, done),
    ...{ scheduler: fake.clock, answer: (answer) => seen.answers.push(answer) },
    done: () => {
      seen.isDone = true;
    },
    fail: (thrown) => {
      seen.failure = thrown;
    },
    ...options,
  });
  const control = (control: Control): void => {
    if (control.kind === 'reset') seen.refused = true;
    else {
      seen.balance += control.credit;
      seen.granted += control.credit;
    }
  };
  lane.receive(begin({ api: 'produce' as const, topic: 't', partition: 0 }, control));
  const send = (text: string, opens: Partial<ProducedRecord> | undefined = {}, last = true, reserved = 10): void => {
    if (seen.balance <= 0) throw new Error('no credit');
    seen.balance -= reserved;
    lane.receive(data(fragment(text, opens, last), reserved));
  };
  const more = (text: string, last: boolean, reserved = 10): void => {
    if (seen.balance <= 0) throw new Error('no credit');
    seen.balance -= reserved;
    lane.receive(data(fragment(text, undefined, last), reserved));
  };
  return { lane, seen, send, more };
}

const summary = ({ answers }: { answers: KafkaAnswer[] }) =>
  answers.map((one) =>
    one.answer === 'produced' ? [one.record, one.partition, Number(one.offset)] : [one.record, one.fault.code],
  );

describe('a produce lane', () => {
  it('puts records together from fragments, and answers them in order', () => {
    const all = producing({ t: [1] });
    const { lane, seen, send, more } = open(all);
    send('whole');
    send('in ', {}, false);
    more('thr', false);
    more('ee', true);
    send('', { tombstone: true, key: Buffer.from('k') });
    lane.receive(end());
    expect(seen.isDone).toBe(false);
    all.clock.advance(5);
    expect(all.fake.values('t', 0)).toEqual(['whole', 'in three', '<null>']);
    expect(summary(seen)).toEqual([
      [0, 0, 0],
      [1, 0, 1],
      [2, 0, 2],
    ]);
    expect(seen.isDone).toBe(true);
  });

  it('answers in the order of the records, whichever partition is the slower', () => {
    const all = producing({ t: [1, 2] });
    all.fake.isHolding = true;
    const { seen, send } = open(all);
    send('slow', { partition: 0 });
    send('quick', { partition: 1 });
    all.clock.advance(5);
    all.fake.held.reverse();
    all.fake.answer();
    all.clock.advance(5);
    expect(summary(seen)).toEqual([]);
    all.fake.answer();
    all.clock.advance(5);
    expect(summary(seen)).toEqual([
      [0, 0, 0],
      [1, 1, 0],
    ]);
  });

  it('returns the credit of a record when it is answered, and all of it in the end', () => {
    const all = producing({ t: [1] });
    all.fake.isHolding = true;
    const { seen, send } = open(all);
    for (const value of values(10)) send(value);
    all.clock.advance(5);
    expect([seen.balance, seen.granted]).toEqual([0, 100]);
    all.fake.isHolding = false;
    all.fake.answer();
    all.clock.advance(5);
    expect([seen.balance, seen.granted]).toEqual([100, 200]);
  });

  it('lends more to a record that is larger than the window, and takes it back', () => {
    const all = producing({ t: [1] });
    const { seen, send, more } = open(all);
    send('x'.repeat(100), {}, false, 100);
    for (let index = 0; index < 5; index += 1) {
      expect(seen.balance).toBe(100);
      more('x'.repeat(100), index === 4, 100);
    }
    all.clock.advance(5);
    expect(all.fake.values('t', 0)).toEqual(['x'.repeat(600)]);
    expect(summary(seen)).toEqual([[0, 0, 0]]);
    expect(seen.balance).toBe(100);
    expect(seen.granted).toBe(600 + 100);
  });

  it('lends nothing while the records before it will return what they hold', () => {
    const all = producing({ t: [1] });
    all.fake.isHolding = true;
    const { seen, send } = open(all);
    send('first', {}, true, 50);
    send('x', {}, false, 50);
    all.clock.advance(5);
    expect(seen.balance).toBe(0);
    all.fake.answer();
    all.clock.advance(5);
    expect(seen.balance).toBe(50);
  });

  it('refuses a record that is too large, swallows the rest of it, and goes on', () => {
    const all = producing({ t: [1] });
    const { seen, send, more } = open(all, { maxRecord: 300 });
    send('before');
    send('x'.repeat(200), {}, false, 20);
    more('x'.repeat(200), false, 20);
    for (let index = 0; index < 50; index += 1) more('x'.repeat(200), index === 49, 20);
    send('after');
    all.clock.advance(5);
    expect(summary(seen)).toEqual([
      [0, 0, 0],
      [1, 'KAFKA_RECORD_TOO_LARGE'],
      [2, 0, 1],
    ]);
    expect((seen.answers[1] as unknown as { fault: KafkaError }).fault.message).toContain('the limit is 300');
    expect(all.fake.values('t', 0)).toEqual(['before', 'after']);
    all.clock.advance(5);
    expect(seen.granted - (10 + 20 + 20 + 50 * 20 + 10) + (100 - seen.balance)).toBeLessThanOrEqual(100);
  });

  it('asks for the most that its topic takes once a record does not fit the window, and lends no more before', () => {
    const all = producing({ t: [1] });
    const limit = new Subject<number>();
    const { seen, send, more } = open(all, { maxRecord: limit });
    send('fits');
    all.clock.advance(5);
    send('x'.repeat(100), {}, false, 99);
    expect([limit.observed, seen.balance]).toEqual([false, 1]);
    more('x'.repeat(100), false, 100);
    all.clock.advance(5);
    expect([limit.observed, seen.balance <= 0]).toEqual([true, true]);
    limit.next(250);
    more('x'.repeat(100), false, 100);
    all.clock.advance(5);
    expect(summary(seen)).toEqual([
      [0, 0, 0],
      [1, 'KAFKA_RECORD_TOO_LARGE'],
    ]);
  });

  it('fails where nobody says what its topic takes', () => {
    const all = producing({ t: [1] });
    const fault = new KafkaError('KAFKA_ERROR', 'no');
    const { seen, send } = open(all, { maxRecord: throwError(() => fault) });
    send('x', {}, false, 100);
    expect([seen.refused, seen.failure]).toEqual([true, fault]);
  });

  it('leaves nothing of a record that was aborted, and sends those before it', () => {
    const all = producing({ t: [1] });
    const { lane, seen, send } = open(all);
    send('whole');
    send('half', {}, false);
    lane.receive(abort());
    lane.close();
    all.clock.advance(5);
    expect(all.fake.values('t', 0)).toEqual(['whole']);
    expect([seen.answers, seen.isDone, seen.failure]).toEqual([[], false, undefined]);
  });

  it.each<[string, (lane: ReturnType<typeof open>) => void, string]>([
    ['begins with no record', ({ more }) => more('x', true), 'the first of a record does not say'],
    [
      'begins a record in another',
      ({ send }) => {
        send('a', {}, false);
        send('b', {});
      },
      'one in the middle',
    ],
    [
      'ends within a record',
      ({ send, lane }) => {
        send('a', {}, false);
        lane.receive(end());
      },
      'END comes before',
    ],
  ])('fails with a fault where a lane %s, after the answers to what was whole', (_, play, message) => {
    const all = producing({ t: [1] });
    const opened = open(all);
    opened.send('whole');
    play(opened);
    expect([opened.seen.refused, opened.seen.failure]).toEqual([true, undefined]);
    all.clock.advance(5);
    expect(summary(opened.seen)).toEqual([[0, 0, 0]]);
    expect(opened.seen.failure).toBeInstanceOf(KafkaError);
    expect((opened.seen.failure as KafkaError).message).toContain(`KAFKA_FRAGMENT: topic t: ${message}`);
    expect(opened.seen.isDone).toBe(false);
  });

  it('fails with the fault of its topic, which records that waited get as well', () => {
    const all = producing({});
    const { seen, send } = open(all);
    send('v');
    all.clock.advance(5_000);
    expect(summary(seen)).toEqual([[0, 'KAFKA_ERROR']]);
    expect((seen.failure as KafkaError).kafka?.name).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    expect(seen.refused).toBe(true);
  });

  it('chooses the partition that a record names, or that of its hash key or key, or each in turn', () => {
    const all = producing({ t: [1, 1, -1, 1] });
    const { seen, send } = open(all, { window: 1_000 });
    all.clock.advance(5);
    const [key, hashKey] = [Buffer.from('key'), Buffer.from('hash key')];
    send('named', { partition: 3, key, hashKey });
    for (const value of values(3)) send(value, { key, hashKey });
    for (const value of values(6)) send(value, {});
    all.fake.topics.set('t', [1, 1, 1, 1]);
    all.clock.advance(40_000);
    const chosen = summary(seen).map(([, partition]) => partition);
    expect(chosen[0]).toBe(3);
    expect(new Set(chosen.slice(1, 4)).size).toBe(1);
    expect([...chosen.slice(4)].sort()).toEqual([0, 0, 1, 1, 3, 3]);
  });

  it('sends everything to the one partition of a stream that has one', () => {
    const all = producing({ t: [1, 1] });
    const { seen, send } = open(all, { only: 1 });
    for (const value of values(3)) send(value, { key: Buffer.from(value) });
    all.clock.advance(5);
    expect(summary(seen).map(([, partition]) => partition)).toEqual([1, 1, 1]);
  });

  it('holds what comes before its topic is known, and sends it in order', () => {
    const all = producing({ t: [1] });
    const opened = open(all, { only: 0 });
    for (const value of values(5)) opened.send(value);
    expect(all.fake.arrived).toHaveLength(0);
    all.clock.advance(5);
    expect(all.fake.values('t', 0)).toEqual(values(5));
  });

  it('contains a throw of whoever is told the answers', () => {
    const all = producing({ t: [1] });
    const thrown = new Error('mine');
    const { seen, send } = open(all, {
      answer: () => {
        throw thrown;
      },
    });
    const neighbour = open(all);
    send('a');
    neighbour.send('b');
    all.clock.advance(5);
    expect(seen.failure).toBe(thrown);
    expect(summary(neighbour.seen)).toEqual([[0, 0, 1]]);
  });

  it('shares the queue of a partition with other lanes, each answered its own', () => {
    const all = producing({ t: [1] });
    const lanes = [open(all), open(all), open(all)];
    all.clock.advance(5);
    for (const value of values(3)) for (const { send } of lanes) send(value);
    all.clock.advance(5);
    expect(all.fake.values('t', 0)).toEqual(['v0', 'v0', 'v0', 'v1', 'v1', 'v1', 'v2', 'v2', 'v2']);
    expect(lanes.map(({ seen }) => summary(seen).map(([, , offset]) => offset))).toEqual([
      [0, 3, 6],
      [1, 4, 7],
      [2, 5, 8],
    ]);
  });
});
