import { isUtf8 } from 'node:buffer';
import type { Header, KafkaRecord } from '../protocol/kafka.ts';
import type { Run } from '../run.ts';

/** Writes records out: the first `count` of a run. */
export type Renderer = (run: Run<KafkaRecord>, count: number) => Uint8Array | string;

/** A JSON object a line, with bytes as text where they are UTF-8 and as `{"base64": ...}` where they are not. */
export const asJson =
  (topic: string): Renderer =>
  (run, count) => {
    let lines = '';
    for (let index = 0; index < count; index += 1) lines += `${jsonOf(topic, run.at(index))}\n`;
    return lines;
  };

/** Key, tab, value, newline, as they are; `null` where there is none. What Kafka's console consumer prints. */
export const asText: Renderer = (run, count) => {
  const parts: Uint8Array[] = [];
  for (let index = 0; index < count; index += 1) {
    const { key, value } = run.at(index);
    parts.push(key ?? NULL, TAB, value ?? NULL, NEWLINE);
  }
  return Buffer.concat(parts);
};

const NULL = Buffer.from('null');
const TAB = Buffer.from('\t');
const NEWLINE = Buffer.from('\n');

function jsonOf(topic: string, { partition, offset, timestamp, key, value, headers, aborted }: KafkaRecord): string {
  const record = {
    topic,
    partition,
    offset: integer(offset),
    timestamp: integer(timestamp),
    key: bytes(key),
    value: bytes(value),
    headers: headers.map(headerOf),
  };
  return JSON.stringify(aborted ? Object.assign(record, { aborted }) : record);
}

const headerOf = ({ name, value }: Header) => ({ name, value: bytes(value) });

/** A number where one is exact, else its digits. */
function integer(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function bytes(value: Uint8Array | null): string | { base64: string } | null {
  if (value === null) return null;
  const buffer = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return isUtf8(buffer) ? buffer.toString('utf8') : { base64: buffer.toString('base64') };
}
