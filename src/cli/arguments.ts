import { InvalidArgumentError } from 'commander';
import { serversOf } from '../../operators/kafka/servers.ts';
import type { From } from '../protocol/kafka.ts';

/** A number of seconds. */
export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 86_400) return value;
  throw new InvalidArgumentError('It is a number of seconds, 0 to 86400.');
}

/** An integer of at least `least`. */
export const integer =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It is an integer, ${least} or more.`);
  };

/** Where a server listens: a port, or 0 for one that is free. */
export function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError('It is a port, 0 to 65535.');
}

/** Brokers as Kafka's own tools take them, as they are written. */
export function servers(text: string): string {
  try {
    serversOf([text]);
    return text;
  } catch {
    throw new InvalidArgumentError('It is host:port, or several with commas between.');
  }
}

/** The number of a partition. */
export function partition(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value < 2 ** 31) return value;
  throw new InvalidArgumentError('It is the number of a partition, 0 or more.');
}

/** A header, and the value that it has. */
export interface HeaderOption {
  readonly name: string;
  readonly value: Uint8Array;
}

const DAY = /^\d{4}-\d\d-\d\d$/;
const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;
const LARGEST = 2n ** 63n - 1n;

/** Where to begin: `earliest`, `latest`, an offset, or `@` and a time. */
export function from(text: string): From {
  if (text === 'earliest' || text === 'latest') return text;
  if (/^\d+$/.test(text) && BigInt(text) <= LARGEST) return { offset: BigInt(text) };
  const [, time = ''] = /^@(.*)$/.exec(text) ?? [];
  if (/^\d+$/.test(time) && BigInt(time) <= LARGEST) return { timestamp: BigInt(time) };
  // A day without a time would be taken to be one of UTC, and a time without a zone is local.
  const instant = ISO.test(time) ? Date.parse(DAY.test(time) ? `${time}T00:00` : time) : Number.NaN;
  if (!Number.isNaN(instant)) return { timestamp: BigInt(instant) };
  throw new InvalidArgumentError(
    'It is earliest, latest, an offset, or @ and a time: ISO 8601, or milliseconds since 1970.',
  );
}

/** A `name=value`, with those before it. */
export function header(text: string, before: readonly HeaderOption[] = []): readonly HeaderOption[] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It is name=value.');
  return [...before, { name: text.slice(0, at), value: Buffer.from(text.slice(at + 1)) }];
}

/** What separates a key from a value. */
export function separator(text: string): Buffer {
  if (text !== '') return Buffer.from(text);
  throw new InvalidArgumentError('It is one character or more.');
}
