import type { Writable } from 'node:stream';
import { Observable } from 'rxjs';
import { buffer } from '../../operators/flow/buffer.ts';
import { type Control, window } from '../control.ts';
import { SluiceError } from '../errors.ts';
import type { Frame } from '../frame.ts';
import { listen } from '../listen.ts';
import type { Gap } from '../marks.ts';
import type { Kafka, KafkaRecord, KafkaReplyBegin } from '../protocol/kafka.ts';
import { errorOf } from '../protocol/kafka-error.ts';
import type { Run } from '../run.ts';
import type { Renderer } from './render.ts';

/** How much is fetched ahead of what is printed, in bytes. */
const READ_AHEAD = 1024 * 1024;

/** How much is rendered at a stretch, in bytes: a few milliseconds of work. */
const STRETCH = 32 * 1024;

export interface PrintOptions {
  readonly to: Writable;
  readonly render: Renderer;
  /** How many records are enough. */
  readonly limit: number;
  onBegin(begin: KafkaReplyBegin): void;
  onRecords(count: number): void;
  onGap(gap: Gap): void;
}

/**
 * Prints the records of a reply, and asks for more only as they are taken. Completes on END, when there are enough, and
 * when nobody reads `to` any more; errors with the fault of an ABORT, or with CLI_OUTPUT.
 */
export const print = (reply: Observable<Frame<Kafka['reply']>>, options: PrintOptions): Observable<never> =>
  new Observable((out) => {
    const { to, render, onBegin, onRecords, onGap } = options;
    let left = options.limit;
    let control = (_: Control): void => {};
    let owed = 0;
    const grant = (): void => {
      const credit = owed;
      // What a grant brings is owed anew.
      owed = 0;
      if (credit > 0) control(window(credit));
    };
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EPIPE') out.complete();
      else out.error(new SluiceError('CLI_OUTPUT', `standard output: ${error.message}`, { cause: error }));
    };
    to.on('error', onError).on('drain', grant);
    out.add(() => to.off('error', onError).off('drain', grant));

    const printRun = (run: Run<KafkaRecord>): void => {
      const count = Math.min(left, run.length);
      const taken = to.write(render(run, count));
      left -= count;
      onRecords(count);
      if (left === 0) out.complete();
      // Credit waits for what the other end of the pipe takes.
      else if (taken) grant();
    };
    listen(reply.pipe(buffer({ window: READ_AHEAD, overflow: 'backpressure' })), out, {
      next(frame) {
        switch (frame.kind) {
          case 'begin':
            control = frame.control;
            onBegin(frame.ext);
            return control(window(STRETCH));
          case 'data':
            owed += frame.reserved;
            return printRun(frame.payload as Run<KafkaRecord>);
          case 'flush':
            if ('mark' in frame.ext && frame.ext.mark === 'gap') onGap(frame.ext);
            return;
          case 'end':
            return out.complete();
          case 'abort':
            return out.error(errorOf(frame.ext));
        }
      },
    });
  });
