import { type Code, isFault as isAnyFault, SluiceError } from '../errors.ts';
import type { KafkaFault } from './kafka.ts';

/** A fault of the kafka layer, with Kafka's own code and name where the broker gave one. */
export class KafkaError extends SluiceError implements KafkaFault {
  declare readonly kafka?: { readonly code: number; readonly name: string };
  readonly #detail: string;
  #placed = false;

  constructor(code: Code, detail: string, options?: ErrorOptions & { readonly kafka?: KafkaFault['kafka'] }) {
    super(code, detail, options);
    this.#detail = detail;
    if (options?.kafka !== undefined) this.kafka = { code: options.kafka.code, name: options.kafka.name };
  }

  /** The same, with a message that begins with the place; itself, if it has one. */
  at(place: string): KafkaError {
    if (this.#placed) return this;
    const { cause, kafka } = this;
    const known = { ...(cause !== undefined && { cause }), ...(kafka !== undefined && { kafka }) };
    const placed = new KafkaError(this.code, `${place}: ${this.#detail}`, known);
    placed.#placed = true;
    return placed;
  }

  /** The same, with a message that goes on with `more`. */
  but(more: string): KafkaError {
    const { cause, kafka } = this;
    const known = { ...(cause !== undefined && { cause }), ...(kafka !== undefined && { kafka }) };
    const longer = new KafkaError(this.code, `${this.#detail}; ${more}`, known);
    longer.#placed = this.#placed;
    return longer;
  }
}

/** Whether what an Observable failed with is a fault; anything else is a defect. */
export const isFault = (thrown: unknown): thrown is KafkaFault => isAnyFault(thrown);

/** What an ABORT that does not say why is told as. */
const UNEXPLAINED: KafkaFault = { code: 'KAFKA_CLOSED', message: 'the stream was ended without a reason' };

/** A fault as an error: itself, if it is one. */
export function errorOf(fault: KafkaFault = UNEXPLAINED): SluiceError {
  if (fault instanceof SluiceError) return fault;
  const { code, message, kafka } = fault;
  const detail = message.startsWith(`${code}: `) ? message.slice(code.length + 2) : message;
  return new KafkaError(code as Code, detail, { cause: fault, ...(kafka !== undefined && { kafka }) });
}
