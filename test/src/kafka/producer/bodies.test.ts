import type { ProducerOptions } from '../../../../src/kafka/producer/producer.ts';
import type { Produced } from '../../../../src/producing/produced.ts';
import type { KafkaError } from '../../../../src/protocol/kafka-error.ts';
import { FakeBody } from '../body.ts';
import { errors, offsets, setup } from './setup.ts';

const large = 'large '.repeat(30_000);

/** A producer that also sends values that are not in memory. */
function open(options: ProducerOptions = {}) {
  const all = setup({ t: [1], u: [1] }, options);
  const body = new FakeBody(Buffer.from(large), all.clock);
  const sendBody = () => {
    const sent = { value: large, order: 0, result: undefined as Produced | KafkaError | undefined };
    const record = { key: Buffer.from('k'), value: body, headers: [], timestamp: 7n };
    all.producer.send('t', 0, record, { acks: 'all' }, (result) => {
      sent.result = result;
    });
    return sent;
  };
  return { ...all, body, sendBody };
}

describe('a producer of values that are not in memory', () => {
  it('should send each in a batch of its own, in order', () => {
    const { clock, fake, send, sendBody } = open();
    const sent = [send('a'), sendBody(), send('b'), send('c')];
    clock.advance(50);
    expect(offsets(sent)).toEqual([0, 1, 2, 3]);
    const batches = fake.arrived.flatMap(({ parts }) => parts.map(({ batch }) => batch.values));
    expect(batches).toEqual([['a'], [large], ['b', 'c']]);
  });

  it('should compress none', () => {
    const { clock, fake, sendBody } = open({ compression: 'gzip' });
    const sent = sendBody();
    clock.advance(50);
    expect([offsets([sent]), fake.values('t', 0)]).toEqual([[0], [large]]);
  });

  it('should send one again as it was', () => {
    const { clock, fake, sendBody, body } = open();
    fake.isHolding = true;
    const sent = sendBody();
    clock.advance(50);
    fake.cut(1);
    fake.isHolding = false;
    clock.advance(5_000);
    expect(offsets([sent])).toEqual([0]);
    expect(fake.values('t', 0)).toEqual([large]);
    const [first, again] = fake.arrived.map(({ parts }) => parts[0]?.bytes);
    expect(first?.equals(again as Buffer)).toBe(true);
    expect(body.reads).toBe(2 * Math.ceil(large.length / 65_536));
  });

  it('should refuse one that cannot be read, and send the others', () => {
    const { clock, fake, send, sendBody, body } = open();
    const first = send('first');
    clock.advance(50);
    body.isGone = true;
    const sent = [sendBody(), send('other', { topic: 'u' })];
    clock.advance(10_000);
    const later = send('later');
    clock.advance(10_000);
    expect(errors([first, ...sent, later])).toEqual([undefined, 'STAGE_DISK', undefined, undefined]);
    expect([fake.values('t', 0), fake.values('u', 0)]).toEqual([['first', 'later'], ['other']]);
  });

  it('should refuse one that is too large without reading it', () => {
    const { clock, sendBody, body } = open({ maxRequestSize: 100_000 });
    const sent = sendBody();
    clock.advance(50);
    expect([errors([sent]), body.reads]).toEqual([['MESSAGE_TOO_LARGE'], 0]);
  });
});
