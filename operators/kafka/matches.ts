import type { KafkaBegin } from '../../src/protocol/kafka.ts';
import { covers } from '../../src/wildcard.ts';

/** When a route of a kafka binding takes a stream: all that is given must hold. */
export interface KafkaWhen {
  /** The topic of the stream, `*` for any run of characters; letter case matters, as it does to Kafka. */
  readonly topic?: string;
}

/** Whether `when` takes a stream that begins with `begin`. */
export const kafkaMatches = ({ topic }: KafkaWhen, begin: KafkaBegin): boolean =>
  topic === undefined || covers(topic, begin.topic ?? '');
