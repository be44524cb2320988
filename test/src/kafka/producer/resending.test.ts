import { errors, messageOf, offsets, setup, values } from './setup.ts';

const [TIMED_OUT, NOT_ENOUGH_REPLICAS, OUT_OF_ORDER, INVALID_RECORD] = [7, 19, 45, 87];

/** A producer that has written `first`, and then has a request each under way for v0, v1, ... */
function underWay(count: number, ...options: [Parameters<typeof setup>[1]?, Parameters<typeof setup>[2]?]) {
  // Metadata come from the first broker, whose answers would have to wait behind held ones.
  const all = setup({ t: [2] }, ...options);
  const { clock, fake, send } = all;
  send('first');
  clock.advance(1);
  fake.isHolding = true;
  const sent = values(count).map((value) => {
    const one = send(value);
    clock.advance(1);
    return one;
  });
  expect(fake.held).toHaveLength(count);
  return { ...all, sent };
}

describe('a producer whose connection breaks', () => {
  it.each([0, 1, 2, 3])(
    'sends the same bytes again, in order, before anything new, %i of 3 being written',
    (written) => {
      const { clock, fake, sent, send } = underWay(3);
      const before = fake.arrived.slice(-3).map(({ parts }) => parts[0]!.bytes);
      fake.cut(written);
      fake.isHolding = false;
      sent.push(send('new'));
      clock.advance(10_000);
      const after = fake.arrived.slice(4).map(({ parts }) => parts[0]!);
      expect(after.slice(0, 3).map(({ bytes }) => bytes)).toEqual(before);
      expect(after.slice(3).map(({ batch }) => [batch.sequence, batch.values])).toEqual([[4, ['new']]]);
      expect(fake.values('t', 0)).toEqual(['first', 'v0', 'v1', 'v2', 'new']);
      expect(offsets(sent)).toEqual([1, 2, 3, 4]);
    },
  );

  it('gives records of acks leader the error, and sends none of them again', () => {
    const { clock, fake, send } = setup();
    fake.isHolding = true;
    const sent = [send('a', { acks: 'leader' })];
    clock.advance(1);
    sent.push(send('b', { acks: 'leader' }));
    fake.cut(1);
    fake.isHolding = false;
    clock.advance(10_000);
    expect(errors(sent)).toEqual(['KAFKA_DISCONNECTED', undefined]);
    expect(messageOf(sent[0]!)).toBe(
      'KAFKA_DISCONNECTED: broker broker:1, Produce: the connection broke: NET_RESET: cut; whether it was written to t/0 is not known',
    );
    expect(fake.values('t', 0)).toEqual(['a', 'b']);
  });
});

describe('a producer whose partition moves', () => {
  it.each(['leader', 'all'] as const)('sends to the new leader what the old one refused, with acks %s', (acks) => {
    const { clock, fake, send } = setup({ t: [1] });
    send('first', { acks });
    clock.advance(1);
    fake.topics.set('t', [2]);
    const sent = values(3).map((value) => send(value, { acks }));
    clock.advance(10_000);
    expect(fake.arrived.map(({ broker }) => broker)).toEqual([1, 1, 2]);
    expect(offsets(sent)).toEqual([1, 2, 3]);
    expect(fake.values('t', 0)).toEqual(['first', ...values(3)]);
  });

  it.each(['leader', 'all'] as const)('takes back what waits for a connection to the old one, with acks %s', (acks) => {
    const { clock, fake, send } = setup({ t: [2, 1] }, {}, { metadataMaxAge: 1_000 });
    fake.silent.add(2);
    const sent = values(3).map((value) => send(value, { acks }));
    clock.advance(100);
    expect(fake.arrived).toHaveLength(0);
    fake.topics.set('t', [1, 1]);
    clock.advance(1_000);
    expect(offsets(sent)).toEqual([0, 1, 2]);
    expect(fake.arrived.map(({ broker }) => broker)).toEqual([1]);
  });

  it('sends nothing to the new leader while anything is under way to the old one', () => {
    const { clock, fake, sent, send } = underWay(2, {}, { metadataMaxAge: 500 });
    fake.topics.set('t', [3]);
    clock.advance(1_000);
    sent.push(send('new'));
    clock.advance(1_000);
    expect(fake.arrived.map(({ broker }) => broker)).toEqual([2, 2, 2]);
    fake.isHolding = false;
    fake.answer(2);
    clock.advance(2_000);
    expect(fake.arrived.map(({ broker }) => broker)).toEqual([2, 2, 2, 3, 3, 3]);
    expect(fake.values('t', 0)).toEqual(['first', 'v0', 'v1', 'new']);
    expect(offsets(sent)).toEqual([1, 2, 3]);
  });

  it('waits for a partition without a leader', () => {
    const { clock, fake, send } = setup({ t: [-1] });
    const sent = send('v');
    clock.advance(5_000);
    expect(sent.result).toBeUndefined();
    fake.topics.set('t', [3]);
    clock.advance(5_000);
    expect(offsets([sent])).toEqual([0]);
  });
});

describe('a producer that a broker refuses for a while', () => {
  it('sends nothing again while anything behind it is under way', () => {
    const { clock, fake } = underWay(3);
    fake.refuse = () => NOT_ENOUGH_REPLICAS;
    fake.answer();
    clock.advance(5_000);
    expect(fake.arrived).toHaveLength(4);
    fake.answer(2);
    clock.advance(5_000);
    expect(fake.arrived.length).toBeGreaterThan(4);
  });

  it('keeps the order when only the first of several under way is refused', () => {
    const { clock, fake, sent } = underWay(4);
    let refusals = 2;
    fake.refuse = ({ batch }) => {
      if (batch.values[0] !== 'v0' || refusals === 0) return undefined;
      refusals -= 1;
      return NOT_ENOUGH_REPLICAS;
    };
    fake.isHolding = false;
    fake.answer(4);
    clock.advance(10_000);
    expect(offsets(sent)).toEqual([1, 2, 3, 4]);
    expect(fake.values('t', 0)).toEqual(['first', ...values(4)]);
  });

  it('waits ever longer between tries, and reports one failure of many batches as one', () => {
    const { clock, fake, sent } = underWay(5, { backoff: 100, maxBackoff: 800 });
    fake.refuse = () => NOT_ENOUGH_REPLICAS;
    fake.isHolding = false;
    fake.answer(5);
    const times: number[] = [];
    let seen = fake.arrived.length;
    for (let ms = 0; ms < 3_200; ms += 10) {
      clock.advance(10);
      if (fake.arrived.length > seen) times.push(ms);
      seen = fake.arrived.length;
    }
    expect(times.map((ms) => Math.round(ms / 100))).toEqual([1, 3, 7, 15, 23, 31]);
    fake.refuse = () => undefined;
    clock.advance(2_000);
    expect(offsets(sent)).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('a producer whose batch is refused for good', () => {
  it('numbers the next ones anew, in the next epoch', () => {
    const { clock, fake, sent, send } = underWay(3);
    fake.refuse = ({ batch }) => (batch.values[0] === 'v1' ? 36 : undefined);
    fake.isHolding = false;
    fake.answer(3);
    clock.advance(5_000);
    sent.push(send('new'));
    clock.advance(5);
    expect(errors(sent)).toEqual([undefined, 'TOPIC_ALREADY_EXISTS', undefined, undefined]);
    expect(fake.values('t', 0)).toEqual(['first', 'v0', 'v2', 'new']);
    expect(fake.arrived.at(-1)!.parts[0]!.batch).toMatchObject({ epoch: 1, sequence: 1 });
  });

  it('gives the error to the records that are to blame, and tells the others that they are not', () => {
    const { clock, fake, send } = setup();
    fake.refuse = ({ batch }) =>
      batch.values.length > 1
        ? { error: INVALID_RECORD, recordErrors: [{ index: 1, message: 'no key' }], message: 'one or more' }
        : undefined;
    const sent = values(3).map((value) => send(value));
    clock.advance(5);
    expect(errors(sent)).toEqual(['KAFKA_BATCH_REFUSED', 'INVALID_RECORD', 'KAFKA_BATCH_REFUSED']);
    expect(messageOf(sent[1]!)).toContain('no key');
    expect(messageOf(sent[0]!)).toContain('record 1 is to blame');
  });
});

describe('a producer whose batch is too large', () => {
  it('splits it until it fits, keeps the order, and builds smaller ones from then on', () => {
    const { clock, fake, send } = setup();
    fake.maxMessageBytes = 250;
    const sent = values(64).map((value) => send(value));
    clock.advance(10_000);
    expect(fake.values('t', 0)).toEqual(values(64));
    expect(offsets(sent)).toEqual(sent.map((_, index) => index));
    const many = fake.arrived.length;
    for (const value of values(64, 64)) send(value);
    clock.advance(10_000);
    expect(fake.values('t', 0)).toEqual(values(128));
    expect(fake.arrived.slice(many).every(({ parts }) => parts[0]!.bytes.length <= 250)).toBe(true);
  });

  it('splits one that others follow', () => {
    const { clock, fake, send } = setup();
    send('first');
    clock.advance(1);
    fake.isHolding = true;
    const sent = values(10).map((value) => send(value));
    clock.advance(1);
    sent.push(send('next'));
    clock.advance(1);
    fake.maxMessageBytes = 120;
    fake.isHolding = false;
    fake.answer(2);
    clock.advance(10_000);
    expect(fake.values('t', 0)).toEqual(['first', ...values(10), 'next']);
    expect(offsets(sent)).toEqual(sent.map((_, index) => index + 1));
  });

  it('names the place and the size of a single record', () => {
    const { clock, fake, send } = setup();
    fake.maxMessageBytes = 100;
    const sent = [send('x'.repeat(200)), send('y')];
    clock.advance(5);
    expect(errors(sent)).toEqual(['MESSAGE_TOO_LARGE', undefined]);
    expect(messageOf(sent[0]!)).toMatch(/Produce to t\/0: MESSAGE_TOO_LARGE .*its one record takes \d+ bytes/);
    expect(fake.values('t', 0)).toEqual(['y']);
  });
});

describe('a producer that is out of time', () => {
  it.each([0, 1])(
    'says that the fate of a batch is unknown, and goes on in the next epoch, %i being written',
    (written) => {
      const { clock, fake, sent, send } = underWay(1, { deliveryTimeout: 3_000 });
      fake.cut(written);
      fake.topics.set('t', [-1]);
      clock.advance(4_000);
      expect(errors(sent)).toEqual(['KAFKA_DELIVERY_TIMEOUT']);
      expect(messageOf(sent[0]!)).toMatch(
        /t\/0: not acknowledged within 3000 ms; .*whether it was written to t\/0 is not known/,
      );
      fake.isHolding = false;
      fake.topics.set('t', [2]);
      const next = send('next');
      clock.advance(10_000);
      expect(fake.arrived.at(-1)!.parts[0]!.batch).toMatchObject({ epoch: 1, sequence: 0, values: ['next'] });
      expect(offsets([next])).toEqual([1 + written]);
    },
  );

  it('says so of records that were not sent', () => {
    const { clock, fake, send } = setup({ t: [-1] }, { deliveryTimeout: 3_000 });
    const sent = send('v');
    clock.advance(2_999);
    expect(sent.result).toBeUndefined();
    clock.advance(2);
    expect(messageOf(sent)).toBe('KAFKA_DELIVERY_TIMEOUT: t/0: not sent, and so not acknowledged within 3000 ms');
    expect(fake.arrived).toHaveLength(0);
  });

  it('answers in time what is under way, and goes on in order once its request is over', () => {
    const { clock, fake, sent, send } = underWay(2, { deliveryTimeout: 3_000 });
    clock.advance(4_000);
    expect(errors(sent)).toEqual(['KAFKA_DELIVERY_TIMEOUT', 'KAFKA_DELIVERY_TIMEOUT']);
    const next = send('next');
    fake.isHolding = false;
    fake.answer(2);
    clock.advance(5);
    expect(fake.values('t', 0)).toEqual(['first', 'v0', 'v1', 'next']);
    expect(offsets([next])).toEqual([3]);
  });

  it('never sends under new numbers what may have been written', () => {
    const { clock, fake, sent, send } = underWay(2, { deliveryTimeout: 3_000 });
    fake.cut(2);
    // The broker started again, and remembers only the last batch.
    fake.log('t', 0).forget(1);
    fake.isHolding = false;
    clock.advance(2_900);
    sent.push(send('next'));
    clock.advance(10_000);
    expect(fake.values('t', 0)).toEqual(['first', 'v0', 'v1', 'next']);
    expect(errors(sent)).toEqual(['OUT_OF_ORDER_SEQUENCE_NUMBER', undefined, undefined]);
    expect(messageOf(sent[0]!)).toContain('whether it was written to t/0 is not known');
    expect(offsets(sent)).toEqual([undefined, 2, 3]);
  });
});

describe('a producer whose numbers a broker does not accept', () => {
  it('sends what is surely not written under new ones', () => {
    const { clock, fake, sent } = underWay(3);
    let refused = false;
    fake.refuse = () => {
      if (refused) return undefined;
      refused = true;
      return OUT_OF_ORDER;
    };
    fake.isHolding = false;
    fake.answer(3);
    clock.advance(10_000);
    expect([...fake.values('t', 0)].sort()).toEqual(['first', ...values(3)]);
    expect(offsets(sent).every((offset) => offset !== undefined)).toBe(true);
  });

  it('takes a duplicate for written', () => {
    const { clock, fake, sent } = underWay(1);
    fake.refuse = () => 46;
    fake.answer();
    clock.advance(5);
    expect(offsets(sent)).toEqual([-1]);
  });

  it('does not send again what timed out with acks leader, and does with acks all', () => {
    const { clock, fake, send } = setup();
    let refusals = 2;
    fake.refuse = () => {
      refusals -= 1;
      return refusals >= 0 ? TIMED_OUT : undefined;
    };
    const sent = [send('a', { acks: 'leader' }), send('b')];
    clock.advance(5_000);
    expect(errors(sent)).toEqual(['REQUEST_TIMED_OUT', undefined]);
    expect(fake.values('t', 0)).toEqual(['b']);
  });
});
