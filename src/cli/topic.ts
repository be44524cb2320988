import type { Writable } from 'node:stream';
import { Observable } from 'rxjs';
import type { Graph, Supplied } from '../../graphs/index.ts';
import { type Fault, SluiceError } from '../errors.ts';
import { end } from '../frame.ts';
import { listen, operate } from '../listen.ts';
import type { Kafka } from '../protocol/kafka.ts';
import { isFault } from '../protocol/kafka-error.ts';
import type { Binding, LaneOperator } from '../protocol.ts';
import { exitCodes, type Io, type Terminal } from './io.ts';
import { logTo } from './log.ts';

/** Where a command finds its topic. */
export interface TopicOptions {
  readonly binding: string;
  readonly topic: string;
  /** Operators that take the place of bindings which the file declares. */
  readonly bindings?: Supplied;
}

/** The binding of that name, which takes kafka streams. @throws SluiceError CONFIG_UNKNOWN_BINDING, CLI_BINDING */
export function kafkaBinding(graph: Graph, name: string): Binding<Kafka> {
  const binding = graph.binding<Kafka>(name);
  const fits = ({ entry }: { readonly entry: string }): boolean => entry === 'kafka' || entry === 'unknown';
  if (graph.nodes.some((node) => node.name === name && fits(node))) return binding;
  const others = graph.nodes.filter(fits).map((node) => node.name);
  const known = others.length === 0 ? 'none of this graph does' : `these do: ${others.join(', ')}`;
  throw new SluiceError('CLI_BINDING', `${name} takes no kafka streams; ${known}`);
}

/** What an ABORT that does not say why is told as. */
export const UNEXPLAINED: Fault = { code: 'KAFKA_CLOSED', message: 'the stream was ended without a reason' };

/** A fault in a line: its code, and what it says. */
export const inALine = ({ code, message }: Fault): string =>
  message.startsWith(`${code}: `) ? message : `${code}: ${message}`;

/** Tells what a command failed with: a fault in a line, and a defect whole. Answers the exit code. */
export function failure(thrown: unknown, io: Terminal): number {
  if (isFault(thrown)) io.err(`${inALine(thrown)}\n`);
  else logTo(io).fatal(thrown, thrown instanceof Error ? thrown.message : 'a defect');
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
