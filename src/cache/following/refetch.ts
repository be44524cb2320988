import { Observable } from 'rxjs';
import { type ControlSink, window } from '../../control.ts';
import { listen } from '../../listen.ts';
import type { Kafka } from '../../protocol/kafka.ts';
import type { RecordBatch } from '../../protocol/kafka-batch.ts';
import { errorOf } from '../../protocol/kafka-error.ts';
import { replies } from '../../protocol/kafka-states.ts';
import type { Binding } from '../../protocol.ts';

/** How much is under way at a time, in bytes. */
const WINDOW = 1024 * 1024;

/**
 * Emits, once, the batches of a partition from one offset up to, not including, another that its source still has, or that
 * it has lost some. Errors with the fault of a source that cannot be read.
 */
export const refetch = (
  exit: Binding<Kafka>,
  { topic, partition }: { readonly topic: string; readonly partition: number },
  from: bigint,
  to: bigint,
): Observable<readonly RecordBatch[] | 'lost'> =>
  new Observable((out) => {
    const batches: RecordBatch[] = [];
    let control: ControlSink = () => {};
    const finish = (found: readonly RecordBatch[] | 'lost' = batches): void => {
      out.next(found);
      out.complete();
    };
    const begin = { api: 'fetch', topic, partition, from: { offset: from }, batches: true, until: 'latest' } as const;
    listen(replies(exit, { ...begin, isolation: 'read_uncommitted' }), out, {
      next(frame) {
        switch (frame.kind) {
          case 'begin':
            control = frame.control;
            return control(window(WINDOW));
          case 'data': {
            const batch = frame.payload as RecordBatch;
            if (batch.baseOffset >= to) return finish();
            batches.push(batch);
            return batch.lastOffset + 1n >= to ? finish() : control(window(frame.reserved));
          }
          case 'flush':
            if (
              'mark' in frame.ext &&
              frame.ext.mark === 'gap' &&
              frame.ext.reason === 'corrupt' &&
              frame.ext.from < to
            )
              finish('lost');
            return;
          case 'end':
            return finish();
          case 'abort':
            return out.error(frame.ext ?? errorOf());
        }
      },
    });
  });
