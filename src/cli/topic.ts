import type { Writable } from 'node:stream';
import { Observable } from 'rxjs';
import type { CompileOptions, Supplied } from '../../graphs/index.ts';
import { SluiceError } from '../errors.ts';
import { end } from '../frame.ts';
import { listen, operate } from '../listen.ts';
import type { Kafka } from '../protocol/kafka.ts';
import type { LaneOperator } from '../protocol.ts';
import { exitCodes, type Io, type Terminal } from './io.ts';
import { logTo } from './log.ts';

/** Where a command finds its topic. */
export interface TopicOptions {
  readonly binding: string;
  readonly topic: string;
  /** Where the bindings keep state; `.sluice/<name>` by default. */
  readonly dir?: string;
  /** Operators that take the place of bindings which the file declares. */
  readonly bindings?: Supplied;
}

/** How the graph is compiled that has the topic. */
export const compiling = ({ bindings = {}, dir }: TopicOptions): CompileOptions => ({
  bindings,
  ...(dir !== undefined && { dir }),
});

/** What a command failed with, in a line. */
export const lineOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/** Tells what a command failed with: a fault in a line, and a defect whole. Answers the exit code. */
export function failure(thrown: unknown, io: Terminal): number {
  if (thrown instanceof SluiceError) io.err(`${thrown.message}\n`);
  else logTo(io).fatal(thrown, lineOf(thrown));
  return exitCodes.failed;
}

/** Emits each signal that asks to stop. */
export const signals = (io: Io): Observable<string> =>
  new Observable((out) => io.onSignal((signal) => out.next(signal)));

/** Ends a reply when a signal comes: what has come by then is all. A second signal ends the process. */
export const endedBySignal = (io: Io): LaneOperator<Kafka['reply']> =>
  operate<Kafka['reply']>((out) => {
    let begun = false;
    listen(signals(io), out, {
      next() {
        if (begun) out.next(end());
        out.complete();
      },
    });
    return {
      next(frame) {
        begun ||= frame.kind === 'begin';
        out.next(frame);
      },
    };
  });

/** Completes once all that was written to `to` is taken, or cannot be. */
export const flushed = (to: Writable): Observable<never> =>
  new Observable((out) => {
    if (to.destroyed || to.errored) out.complete();
    else to.write('', () => out.complete());
  });
