import { KafkaError } from '../protocol/kafka-error.ts';

/** That there is no such topic or partition, as Kafka says it. */
export const unknown = (place: string): KafkaError =>
  new KafkaError('KAFKA_ERROR', `${place}: there is no such topic or partition`, {
    kafka: { code: 3, name: 'UNKNOWN_TOPIC_OR_PARTITION' },
  });
