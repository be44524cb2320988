import type { Run } from '../run.ts';

/** Which records a reader is sent. */
export interface Filtering<R> {
  /** The same for those that accept the same, and send it in the same way. */
  readonly name: string;
  accepts(record: R): boolean;
  /** The keys of all that it accepts, each once; `undefined` where those are not known, or one has none. */
  readonly keys: readonly Uint8Array[] | undefined;
  /** Whether it accepts every record that has one of its keys. */
  readonly isByKey: boolean;
  /** What is sent of records that it accepts. */
  shown(run: Run<R>): Run<R>;
}

/** A key as a map can tell it from others. */
export const nameOf = (key: Uint8Array): string =>
  Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
