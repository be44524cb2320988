import { randomInt } from 'node:crypto';
import { emitter } from '../../src/emitter.ts';
import { abort, type Data, end } from '../../src/frame.ts';
import { lawful } from '../../src/lawful.ts';
import { cut } from '../../src/payload.ts';
import type { Fragment, Kafka, KafkaAnswer } from '../../src/protocol/kafka.ts';
import { fragment } from '../../src/protocol/kafka-fragment.ts';
import type { Binding } from '../../src/protocol.ts';

/** A record to send; its key says which it is. */
export interface ToSend {
  readonly key: string;
  readonly value: Buffer;
  readonly partition: number;
}

/** What became of a stream. */
export interface Produced {
  readonly answers: readonly KafkaAnswer[];
  readonly ending: 'end' | 'abort';
}

/**
 * Sends records in random fragments, each in a turn of its own, so that those of other streams come between; with
 * `aborts`, without the last fragment of the last.
 */
export function produceInFragments(
  binding: Binding<Kafka>,
  topic: string,
  records: readonly ToSend[],
  aborts = false,
): Promise<Produced> {
  const fragments = records.flatMap(inFragments);
  if (aborts) fragments.pop();
  let isReady = true;
  const initial = emitter<Kafka['initial']>(
    { api: 'merged', capabilities: 'produce', topic, from: { default: 'latest' } },
    (wake) => ({
      pull(balance) {
        const [first] = fragments;
        if (first === undefined) return aborts ? abort({ code: 'NET_RESET', message: 'gone' }) : end();
        if (balance <= 0 || !isReady) return undefined;
        isReady = false;
        setImmediate(() => {
          isReady = true;
          wake();
        });
        const parts = cut(first, balance);
        if (parts === undefined) return fragments.shift();
        fragments[0] = parts[1];
        return parts[0];
      },
    }),
  );
  return new Promise((resolve, reject) => {
    const answers: KafkaAnswer[] = [];
    let ending: Produced['ending'] = 'abort';
    initial.pipe(lawful('initial'), binding, lawful('reply')).subscribe({
      next(frame) {
        if (frame.kind === 'flush' && 'answer' in frame.ext) answers.push(frame.ext);
        if (frame.kind === 'end') ending = 'end';
        if (frame.kind === 'abort' && !aborts) reject(frame.ext);
      },
      error: reject,
      complete: () => resolve({ answers, ending }),
    });
  });
}

function inFragments({ key, value, partition }: ToSend): Data<Fragment>[] {
  const most = Math.max(2, value.length >> 2);
  const list: Data<Fragment>[] = [];
  let at = 0;
  do {
    const to = Math.min(value.length, at + randomInt(1, most));
    const opens = at === 0 ? { key: Buffer.from(key), headers: [], partition } : undefined;
    list.push(fragment(value.subarray(at, to), to === value.length, opens));
    at = to;
  } while (at < value.length);
  return list;
}
