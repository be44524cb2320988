import { ignoreElements, type Observable, ReplaySubject, share } from 'rxjs';
import { type EmbeddedLog, type EmbeddedLogOptions, embeddedLog } from '../../src/cache/embedded/embedded-log.ts';
import { open } from '../../src/cache/embedded/open.ts';
import { positive } from '../../src/errors.ts';
import { grace } from '../../src/life.ts';
import { answeredLater } from '../../src/protocol/answered-later.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import { answer } from '../../src/protocol/kafka-stream.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';

export interface KafkaEmbeddedOptions extends EmbeddedLogOptions {
  /** How long a bounded read may take nothing, in milliseconds, an integer >= 1; 60,000 by default. */
  readonly snapshotTimeout?: number;
  /** The credit of a lane that produces, in bytes, an integer >= 1; 1 MiB by default. A record may be larger. */
  readonly produceWindow?: number;
}

/** A topic log on this machine's disk. */
export interface KafkaEmbedded extends Binding<Kafka> {
  /** Keeps the log open while it is subscribed to. Errors with the fault of a log that does not open. */
  readonly running: Observable<never>;
}

/** How long the log stays open after the last stream, in milliseconds. */
const LINGER = 1_000;

/**
 * A topic log without a broker, on this machine's disk: it speaks the streams of a kafka `client`, so that the one can stand
 * for the other. A record is on the disk before it is answered; those that wait meanwhile are written together. Retention
 * and cleaning act as they do in a cache. It has no groups and no transactions, and knows no producer's own numbers.
 *
 * It is the only copy there is, and so is never discarded: one that does not open is the ABORT of its streams and the error of
 * `running`, with the command that repairs it, and what cannot be read of it is told by a `corrupt` gap mark.
 *
 * @throws SluiceError OPTION_INVALID
 *
 * @example
 * const kafka = embedded({ dir: 'data', topics: [{ name: 'items', partitions: 3, config: { 'cleanup.policy': 'compact' } }] });
 */
export function embedded(options: KafkaEmbeddedOptions): KafkaEmbedded {
  const { scheduler = eventLoop, snapshotTimeout = 60_000, produceWindow = 1 << 20 } = options;
  const settings = {
    snapshotTimeout: positive('snapshotTimeout', snapshotTimeout),
    produceWindow: positive('produceWindow', produceWindow),
    scheduler,
  };
  const log = embeddedLog(options).pipe(
    share({
      connector: () => new ReplaySubject<EmbeddedLog>(1),
      resetOnRefCountZero: () => grace(LINGER, scheduler),
    }),
  );
  const binding = answer(
    (begin, stream) => answeredLater(log, (opened) => open(opened, begin, stream, settings), stream),
    scheduler,
  );
  return Object.assign(binding, { running: log.pipe(ignoreElements()) });
}
