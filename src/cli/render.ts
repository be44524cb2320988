import { plain } from '../messages/message.ts';
import type { KafkaRecord } from '../protocol/kafka.ts';
import type { Run } from '../run.ts';

/** Writes records out: the first `count` of a run. */
export type Renderer = (run: Run<KafkaRecord>, count: number) => Uint8Array | string;

/** A JSON object a line, as a message is one. */
export const asJson =
  (topic: string): Renderer =>
  (run, count) => {
    let lines = '';
    for (let index = 0; index < count; index += 1) lines += `${JSON.stringify(plain(topic, run.at(index)))}\n`;
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
