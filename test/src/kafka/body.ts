import { crc32c } from '@node-rs/crc32';
import { asyncScheduler, defer, observeOn, of, type SchedulerLike, throwError } from 'rxjs';
import type { Body } from '../../../src/protocol/kafka.ts';
import { KafkaError } from '../../../src/protocol/kafka-error.ts';

/** A body over bytes in memory, which is read later, and can be made unreadable. */
export class FakeBody implements Body {
  readonly length: number;
  readonly crc32c: number;
  isGone = false;
  reads = 0;
  readonly #bytes: Uint8Array;
  readonly #scheduler: SchedulerLike;

  constructor(bytes: Uint8Array, scheduler: SchedulerLike = asyncScheduler) {
    this.#bytes = bytes;
    this.#scheduler = scheduler;
    this.length = bytes.length;
    this.crc32c = crc32c(bytes);
  }

  readonly read = (start: number, end: number) =>
    defer(() => {
      this.reads += 1;
      return this.isGone
        ? throwError(() => new KafkaError('STAGE_DISK', 'the file is gone'))
        : of(this.#bytes.subarray(start, end));
    }).pipe(observeOn(this.#scheduler));
}
