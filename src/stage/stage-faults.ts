import { SluiceError } from '../errors.ts';
import type { KafkaFault } from '../protocol/kafka.ts';
import { KafkaError } from '../protocol/kafka-error.ts';

/** The fragments of a stream do not fit together. */
export const misfit = (why: string, topic: string): KafkaFault =>
  new KafkaError('KAFKA_FRAGMENT', why).at(`topic ${topic}`);

/** Unfinished records alone fill a partition's share of the disk. */
export const full = (place: string, disk: number): KafkaFault =>
  new KafkaError('STAGE_FULL', `unfinished records fill its share of the disk, ${disk} bytes`).at(place);

/** An exit ended too early, or answered what was not asked. */
export const early = (place: string): KafkaFault =>
  new SluiceError('STAGE_EXIT', `${place}: the exit ended before it had answered all that was staged`);
