import type { Observable } from 'rxjs';
import type { Message } from '../../src/messages/message.ts';
import type { MessageMark } from '../../src/messages/message-mark.ts';
import { messages } from '../../src/messages/messages.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import type { Net } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';

declare const kafka: Binding<Kafka>;
declare const net: Binding<Net>;
declare class Order {
  static parse(bytes: Uint8Array): Order;
  readonly total: number;
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Of<S> = S extends AsyncIterable<infer A> & Observable<infer B> ? (Equal<A, B> extends true ? A : never) : never;
const same = <A, B>(equal: Equal<A, B>): void => void equal;

// Never called: the compiler is the test.
const compiled = async (): Promise<void> => {
  const bytes = messages(kafka, { topic: 't', from: 'earliest' });
  same<Of<typeof bytes>, Message<Buffer | null, Buffer | null>>(true);

  const read = messages(kafka, { topic: 't', from: 0n, key: 'string', value: Order.parse, marks: false });
  same<Of<typeof read>, Message<string | null, Order | null>>(true);

  const inline = messages(kafka, { topic: 't', from: new Date(), value: (bytes) => bytes.length, key: 'json' });
  same<Of<typeof inline>, Message<unknown, number | null>>(true);

  const marked = messages(kafka, { topic: 't', from: 'latest', marks: true, value: 'string' });
  same<Of<typeof marked>, Message<Buffer | null, string | null> | MessageMark>(true);
  for await (const item of marked) {
    if (item.mark === 'gap') same<typeof item.from, bigint>(true);
    else if (item.mark === undefined) same<typeof item.value, string | null>(true);
    // @ts-expect-error: a mark has no value
    item.value;
  }

  const resumed = messages(kafka, { topic: 't', from: { topicId: 'x', offsets: { 0: '1' } } });
  resumed.subscribe(({ progress }) => messages(kafka, { topic: 't', from: progress }));
  messages(kafka, { topic: 't', from: 'latest', filters: [{ key: 'a', not: { headers: { h: 'v' } } }, { key: null }] });
  messages(kafka, { topic: 't', from: { partitions: { 0: 5n, 1: 'latest' }, default: { timestamp: 5 } } });

  // @ts-expect-error: another protocol
  messages(net, { topic: 't', from: 'latest' });
  // @ts-expect-error: where to begin is needed
  messages(kafka, { topic: 't' });
  // @ts-expect-error: no such place
  messages(kafka, { topic: 't', from: 'soon' });
  // @ts-expect-error: an offset is a bigint, or { offset }
  messages(kafka, { topic: 't', from: 5 });
  // @ts-expect-error: no such option
  messages(kafka, { topic: 't', from: 'latest', groupId: 'g' });
  // @ts-expect-error: no such decoding
  messages(kafka, { topic: 't', from: 'latest', value: 'xml' });
  // @ts-expect-error: no such filter
  messages(kafka, { topic: 't', from: 'latest', filters: { value: 'v' } });
  // @ts-expect-error: a header is a string or bytes
  messages(kafka, { topic: 't', from: 'latest', filters: { headers: { h: 5 } } });
  // @ts-expect-error: only latest
  messages(kafka, { topic: 't', from: 'earliest', until: 'now' });
};

describe('the types of messages', () => {
  it('should be held by the compiler', () => {
    expect(typeof compiled).toBe('function');
  });
});
