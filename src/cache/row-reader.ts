import { concatMap, defer, EMPTY, finalize, map, type Observable, of, ReplaySubject, share } from 'rxjs';
import type { Memory } from './memory.ts';
import type { PartitionStore } from './partition-store.ts';
import type { Row, RowMeta } from './row.ts';
import { Segment } from './segment.ts';
import { Segments } from './segments.ts';

export interface RowReaderOptions {
  readonly data: PartitionStore;
  readonly memory: Memory;
  /** Does something when nothing is being written. */
  readonly settled: <T>(work: () => Observable<T>) => Observable<T>;
  /** Gets a row again that cannot be read, if it can be had; what it errors with is what reading the row does. */
  readonly mend: (row: RowMeta) => Observable<'mended' | 'lost'>;
}

/** The rows of a log in memory: those that were appended or read last. Each is read and indexed once, however many ask. */
export class RowReader {
  readonly #options: RowReaderOptions;
  readonly #segments: Segments;
  readonly #reading = new Map<RowMeta, Observable<Segment>>();

  constructor(options: RowReaderOptions) {
    this.#options = options;
    this.#segments = new Segments(options.memory);
  }

  /** What is in memory at an offset. */
  at(offset: bigint): Segment | undefined {
    return this.#segments.at(offset);
  }

  /** Holds what was appended. */
  put(segment: Segment): void {
    this.#segments.put(segment);
  }

  /** Forgets what has offsets from `from` up to, not including, `to`; everything by default. */
  drop(from?: bigint, to?: bigint): void {
    this.#segments.drop(from, to);
  }

  /** What is at an offset, read if it is not in memory; completes without if there is nothing. */
  load(offset: bigint): Observable<Segment> {
    return defer(() => {
      const held = this.#segments.at(offset);
      if (held !== undefined) return of(held);
      const row = this.#options.data.rows.at(offset);
      if (row === undefined) return EMPTY;
      // Others may have asked for the row by another offset, which is in another row by now.
      const isIn = ({ from, to }: Segment): boolean => from <= offset && offset < to;
      return this.#shared(row, offset).pipe(concatMap((segment) => (isIn(segment) ? of(segment) : this.load(offset))));
    });
  }

  #shared(row: RowMeta, offset: bigint): Observable<Segment> {
    const known = this.#reading.get(row);
    if (known !== undefined) return known;
    const reading = this.#read(row, offset).pipe(
      finalize(() => this.#reading.delete(row)),
      share({ connector: () => new ReplaySubject(1) }),
    );
    this.#reading.set(row, reading);
    return reading;
  }

  #read(row: RowMeta, offset: bigint): Observable<Segment> {
    const { data, settled } = this.#options;
    return data.read(row).pipe(
      concatMap((read) => {
        // What is written meanwhile may be there already, and not be known yet.
        const isSettled = read !== undefined && data.rows.at(row.from) === row;
        return isSettled ? of(this.#hold(read)) : settled(() => this.#readAgain(row, offset));
      }),
      concatMap((segment) => {
        if (segment === 'other') return this.load(offset);
        return segment === undefined ? this.#mend(row, offset) : of(segment);
      }),
    );
  }

  /**
   * Nothing if the row cannot be read. Another one that is there by now is read once what waits to be written can go on: that
   * may have to be waited for again.
   */
  #readAgain(row: RowMeta, offset: bigint): Observable<Segment | 'other' | undefined> {
    const { data } = this.#options;
    const now = data.rows.at(offset);
    if (now === undefined) return EMPTY;
    return now === row ? data.read(row).pipe(map((read) => read && this.#hold(read))) : of('other' as const);
  }

  #mend(row: RowMeta, offset: bigint): Observable<Segment> {
    return this.#options.mend(row).pipe(
      concatMap((outcome) => {
        if (outcome === 'mended') return this.load(offset);
        const { partition } = this.#options.data;
        const segment = Segment.lost({ mark: 'gap', partition, from: row.from, to: row.to, reason: 'corrupt' });
        this.#segments.put(segment);
        return of(segment);
      }),
    );
  }

  #hold({ from, to, batches }: Row): Segment {
    const { partition, name } = this.#options.data;
    const segment = Segment.of(partition, from, to, batches, name);
    this.#segments.put(segment);
    return segment;
  }
}
