import { errors, messageOf, offsets, setup, values } from './setup.ts';

describe('a producer', () => {
  it('answers each record with where it is', () => {
    const { fake, clock, send } = setup();
    const sent = values(3).map((value) => send(value));
    clock.advance(1);
    expect(sent.map(({ result }) => result)).toEqual(
      [0n, 1n, 2n].map((offset) => ({ partition: 0, offset, timestamp: 7n })),
    );
    expect(fake.values('t', 0)).toEqual(['v0', 'v1', 'v2']);
    expect(fake.arrived.map(({ acks, parts }) => [acks, parts.length, parts[0]!.batch])).toEqual([
      [-1, 1, { id: 1000n, epoch: 0, sequence: 0, values: ['v0', 'v1', 'v2'] }],
    ]);
  });

  it('sends batches of several partitions in one request to their broker', () => {
    const { fake, clock, send } = setup({ t: [1, 2, 1, 2], u: [1] });
    for (const partition of [0, 1, 2, 3]) send(`p${partition}`, { partition });
    send('u', { topic: 'u' });
    clock.advance(1);
    expect(
      fake.arrived.map(({ broker, parts }) => [broker, parts.map(({ topic, partition }) => `${topic}/${partition}`)]),
    ).toEqual([
      [1, ['t/0', 't/2', 'u/0']],
      [2, ['t/1', 't/3']],
    ]);
    expect(fake.ids).toBe(1);
  });

  it('lets batches grow while five requests are under way, and no more than that', () => {
    const { fake, clock, send } = setup();
    send('first');
    clock.advance(1);
    fake.isHolding = true;
    const sent = values(20).map((value) => {
      const one = send(value);
      clock.advance(1);
      return one;
    });
    expect(fake.held.map(({ parts }) => parts[0]!.batch.values)).toEqual(values(5).map((value) => [value]));
    fake.answer();
    clock.advance(1);
    expect(fake.held.at(-1)!.parts[0]!.batch.values).toEqual(values(15, 5));
    fake.answer(5);
    clock.advance(1);
    expect(offsets(sent)).toEqual(sent.map((_, index) => index + 1));
  });

  it('sends the first batch alone, since a broker that does not know it takes any number', () => {
    const { fake, clock, send } = setup();
    fake.isHolding = true;
    for (const value of values(3)) {
      send(value);
      clock.advance(1);
    }
    expect(fake.held).toHaveLength(1);
    fake.answer();
    clock.advance(1);
    expect(fake.held.map(({ parts }) => parts[0]!.batch.values)).toEqual([['v1', 'v2']]);
    clock.advance(61_000);
  });

  it('waits for as long as linger says, unless a batch is full', () => {
    const { fake, clock, send } = setup({ t: [1] }, { linger: 10, batchSize: 200 });
    clock.advance(1);
    send('one');
    clock.advance(9);
    expect(fake.arrived).toHaveLength(0);
    clock.advance(2);
    expect(fake.arrived).toHaveLength(1);
    for (const value of values(20)) send(value);
    clock.advance(1);
    expect(fake.arrived.length).toBeGreaterThan(1);
    clock.advance(20);
    expect(fake.values('t', 0)).toEqual(['one', ...values(20)]);
  });

  it('keeps records of unlike acks apart, and the order of a partition all the same', () => {
    const { fake, clock, send } = setup();
    const sent = [send('a'), send('b', { acks: 'leader' }), send('c', { acks: 'none' }), send('d')];
    clock.advance(5);
    expect(fake.arrived.map(({ acks, parts }) => [acks, parts[0]!.batch.id])).toEqual([
      [-1, 1000n],
      [1, -1n],
      [0, -1n],
      [-1, 1000n],
    ]);
    expect(fake.values('t', 0)).toEqual(['a', 'b', 'c', 'd']);
    expect(offsets(sent)).toEqual([0, 1, -1, 3]);
  });

  it('keeps the numbers that a caller gave, in a batch of its own', () => {
    const { fake, clock, send } = setup();
    const own = { id: 77n, epoch: 3, sequence: 9 } as never;
    send('a');
    send('mine', { own });
    send('mine too', { own: { id: 77n, epoch: 3, sequence: 10 } as never });
    send('b');
    clock.advance(5);
    expect(fake.arrived.map(({ parts }) => parts[0]!.batch)).toEqual([
      { id: 1000n, epoch: 0, sequence: 0, values: ['a'] },
      { id: 77n, epoch: 3, sequence: 9, values: ['mine'] },
      { id: 77n, epoch: 3, sequence: 10, values: ['mine too'] },
      { id: 1000n, epoch: 0, sequence: 1, values: ['b'] },
    ]);
  });

  it('refuses a record that is too large, with the limit', () => {
    const { send } = setup({ t: [1] }, { maxRequestSize: 100 });
    const sent = send('x'.repeat(200));
    expect(messageOf(sent)).toBe('KAFKA_RECORD_TOO_LARGE: t/0: a record of 216 bytes or more; the limit is 100');
  });

  it('refuses records of a partition that its topic does not have, unless it comes soon', () => {
    const { fake, clock, send } = setup();
    const sent = [send('late', { partition: 1 }), send('never', { partition: 2 })];
    clock.advance(500);
    fake.topics.set('t', [1, 2]);
    clock.advance(5_000);
    expect(offsets(sent)).toEqual([0, undefined]);
    expect(errors(sent)).toEqual([undefined, 'UNKNOWN_TOPIC_OR_PARTITION']);
    expect(messageOf(sent[1]!)).toContain('t/2');
  });

  it('gives records the fault of their topic', () => {
    const { clock, send } = setup();
    const sent = send('v', { topic: 'missing' });
    clock.advance(5_000);
    expect(errors([sent])).toEqual(['UNKNOWN_TOPIC_OR_PARTITION']);
  });

  it('refuses only what needs a producer id where there is none', () => {
    const { fake, clock, send } = setup();
    fake.idError = 31;
    const sent = [send('a', { acks: 'leader' }), send('b'), send('c', { acks: 'leader' })];
    clock.advance(5);
    expect(offsets(sent)).toEqual([0, undefined, 1]);
    expect(errors(sent)).toEqual([undefined, 'CLUSTER_AUTHORIZATION_FAILED', undefined]);
    expect(fake.ids).toBe(0);
    fake.idError = 0;
    const next = send('d');
    clock.advance(5);
    expect(offsets([next])).toEqual([2]);
  });

  it('asks again for a producer id where that may help', () => {
    const { fake, clock, send } = setup();
    fake.idError = 14;
    const sent = send('a');
    clock.advance(100);
    expect(sent.result).toBeUndefined();
    fake.idError = 0;
    clock.advance(2_000);
    expect(offsets([sent])).toEqual([0]);
  });

  it('answers what is under way and what waits when it is closed, and then refuses', () => {
    const { fake, clock, producer, send } = setup();
    fake.isHolding = true;
    const sent = [send('a')];
    clock.advance(1);
    sent.push(send('b'));
    producer.close();
    sent.push(send('c'));
    expect(errors(sent)).toEqual(['KAFKA_CLOSED', 'KAFKA_CLOSED', 'KAFKA_CLOSED']);
    expect(sent.map((one) => messageOf(one).includes('not known'))).toEqual([true, false, false]);
  });

  it('leaves no timers behind once all is answered', () => {
    const { clock, producer, fake, send } = setup();
    send('a');
    clock.advance(1);
    producer.close();
    fake.cluster.close();
    expect(clock.timers).toBe(0);
  });
});
