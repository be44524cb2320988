import { concatMap, defer, map, type Observable, of, tap, throwError } from 'rxjs';
import { SluiceError } from '../errors.ts';
import type { RecordBatch } from '../protocol/kafka-batch.ts';
import type { Arrived } from './arrived.ts';
import type { CacheEvent } from './events.ts';
import type { RefetchSource } from './following/followed-log.ts';
import type { PartitionStore } from './partition-store.ts';
import { type RowMeta, rowsFrom } from './row.ts';
import type { Serial } from './serial.ts';

export interface MenderOptions {
  readonly data: PartitionStore;
  readonly serial: Serial;
  /** Whether nothing can be fetched again. */
  readonly isEmbedded: boolean;
  readonly isCompacted: () => boolean;
  readonly arrived: (batch: RecordBatch) => Arrived;
  /** Drops all there is, to be fetched anew. */
  readonly anew: () => Observable<void>;
  readonly notify: (event: CacheEvent) => void;
}

/**
 * Gets rows again that are not what was written, or gone. One that was cleaned here, or at its source since, comes again only
 * with the whole log: what the one has left may have been buried by what the other took.
 */
export class Mender {
  source: RefetchSource | undefined;
  readonly #options: MenderOptions;

  constructor(options: MenderOptions) {
    this.#options = options;
  }

  /** Emits once the row is stored again, or that it is lost. Errors with CACHE_CORRUPT, or as the source does. */
  mend(row: RowMeta): Observable<'mended' | 'lost'> {
    return defer(() => {
      const { data, isEmbedded, notify } = this.#options;
      const { from, to } = row;
      const at = { topic: data.state.topic, partition: data.partition, from, to };
      notify({ event: 'corrupt', ...at });
      if (isEmbedded) return of('lost' as const);
      if (this.source === undefined) return throwError(() => corrupt(data.name, row));
      return this.source.refetch(from, to).pipe(
        concatMap((batches) => (batches === 'lost' ? of(batches) : this.#store(row, batches))),
        tap((outcome) => outcome === 'mended' && notify({ event: 'mended', ...at })),
      );
    });
  }

  #store(row: RowMeta, batches: readonly RecordBatch[]): Observable<'mended' | 'lost'> {
    const { data, serial, arrived, isCompacted, anew } = this.#options;
    const { from, to } = row;
    return serial.run(() => {
      if (data.rows.at(from) !== row) return of('mended' as const);
      const fresh = batches.filter(({ baseOffset, lastOffset }) => lastOffset >= from && baseOffset < to);
      const isWhole = row.bytes >= 0 && fresh.reduce((sum, { count }) => sum + count, 0) === row.records;
      if (data.state.rewritten > from || (isCompacted() && !isWhole)) {
        return anew().pipe(
          map(() => 'mended' as const),
          tap(() => this.source?.resume()),
        );
      }
      // Retention has taken it there, of which readers are to be told.
      if (!isWhole && fresh.length === 0) return of('lost' as const);
      // A log may begin within a batch.
      const isWithin = ({ baseOffset, lastOffset }: RecordBatch): boolean =>
        (baseOffset >= from || from === data.state.begin) && lastOffset < to;
      if (!fresh.every(isWithin)) throw corrupt(data.name, row);
      const rows = rowsFrom(from, to, fresh.map(arrived));
      return data.commit({ state: data.state, old: [row], rows }).pipe(map(() => 'mended' as const));
    });
  }
}

const corrupt = (name: string, { from, to }: RowMeta): SluiceError =>
  new SluiceError(
    'CACHE_CORRUPT',
    `${name}: offsets ${from} to ${to} are not what was written, and cannot be fetched now`,
  );
