import { type Code, type Fault, SluiceError } from '../errors.ts';
import type { KafkaFault } from '../protocol/kafka.ts';
import { KafkaError } from '../protocol/kafka-error.ts';

/** What an ABORT that does not say why is told as. */
export const UNEXPLAINED: Fault = { code: 'KAFKA_CLOSED', message: 'the stream was ended without a reason' };

/** A fault as an error: itself, if it is one. */
export function errorOf(fault: KafkaFault = UNEXPLAINED): SluiceError {
  if (fault instanceof SluiceError) return fault;
  const { code, message, kafka } = fault;
  const detail = message.startsWith(`${code}: `) ? message.slice(code.length + 2) : message;
  return new KafkaError(code as Code, detail, { cause: fault, ...(kafka !== undefined && { kafka }) });
}
