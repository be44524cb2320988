import { end } from '../frame.ts';
import type { KafkaBegin, KafkaReplyBegin } from './kafka.ts';
import { KafkaError } from './kafka-error.ts';
import type { Answering } from './kafka-stream.ts';

/** What opens a stream that can produce. */
export type ProducingBegin = Extract<KafkaBegin, { api: 'produce' | 'merged' }>;

type OnlyProducing = ProducingBegin & ({ readonly api: 'produce' } | { readonly capabilities: 'produce' });

/** Whether a stream produces, and does not read. */
export const onlyProduces = (ext: KafkaBegin): ext is OnlyProducing =>
  ext.api === 'produce' || (ext.api === 'merged' && ext.capabilities === 'produce');

/** What begins the reply to a stream that only produces. */
export const producingReply = ({ api }: ProducingBegin): KafkaReplyBegin =>
  api === 'produce' ? { api } : { api, partitions: [], cleanupPolicy: undefined };

/** What a record gets that is larger than may be written; as Kafka itself would say. */
export const tooLarge = (place: string, size: number, limit: number): KafkaError =>
  new KafkaError('KAFKA_RECORD_TOO_LARGE', `a record of ${size} bytes or more; the limit is ${limit}`, {
    kafka: { code: 10, name: 'MESSAGE_TOO_LARGE' },
  }).at(place);

/**
 * Answers a stream that does both: its records and marks, and the answers to its own records, which pass them. It ends
 * behind the last answer, and if it is bounded when all that there was is read, too.
 */
export function both(produced: Answering, fetched: Answering, isBounded: boolean): Answering {
  let isAnswered = false;
  let isRead = !isBounded;
  return {
    pull(balance) {
      const answer = isAnswered ? undefined : produced.pull(balance);
      if (answer?.kind === 'end') isAnswered = true;
      else if (answer !== undefined) return answer;
      if (isAnswered && isRead) return end();
      const record = fetched.pull(balance);
      if (record?.kind !== 'end') return record;
      isRead = true;
      return isAnswered ? record : undefined;
    },
    idle: () => fetched.idle?.() ?? false,
    receive: (frame) => (frame.kind === 'flush' ? fetched : produced).receive?.(frame),
  };
}
