import { of } from 'rxjs';
import { type Produced, produce } from '../../src/messages/producer.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import type { Net } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';

declare const kafka: Binding<Kafka>;
declare const net: Binding<Net>;
interface Order {
  readonly total: number;
}

// Never called: the compiler is the test.
const compiled = async (): Promise<void> => {
  const plain = produce(kafka, { topic: 't' });
  const sent: Produced = await plain.send({ key: 'k', value: new Uint8Array(1), headers: { a: ['1', null] } });
  await plain.send({ value: null, timestamp: sent.timestamp });
  of({ value: 'v' }).subscribe(plain);
  const room: boolean = plain.next({ value: 'v' });
  plain.open({ key: 'k' }).end(`${room}`);

  const orders = produce(kafka, {
    topic: 't',
    key: (id: number) => String(id),
    value: (order: Order) => JSON.stringify(order),
    acks: 'leader',
  });
  await orders.send({ key: 5, value: { total: 1 } });
  await produce(kafka, { topic: 't', value: 'json' }).send({ value: [1, { a: true }] });

  // @ts-expect-error: the key is a number
  orders.send({ key: '5', value: { total: 1 } });
  // @ts-expect-error: the value is an order
  orders.send({ key: 5, value: { sum: 1 } });
  // @ts-expect-error: the value is needed
  plain.send({ key: 'k' });
  // @ts-expect-error: a number is not bytes
  plain.send({ value: 5 });
  // @ts-expect-error: no such acks
  produce(kafka, { topic: 't', acks: 'some' });
  // @ts-expect-error: no such option
  produce(kafka, { topic: 't', retries: 5 });
  // @ts-expect-error: an encoder makes bytes or a string
  produce(kafka, { topic: 't', value: (order: Order) => order.total });
  // @ts-expect-error: another protocol
  produce(net, { topic: 't' });
  // @ts-expect-error: emits no records
  of(5).subscribe(plain);
};

describe('the types of produce', () => {
  it('should be held by the compiler', () => {
    expect(typeof compiled).toBe('function');
  });
});
