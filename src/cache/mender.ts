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
  readonly arrived: (batch: RecordBatch) => Arrived;
  /** Drops all there is, to be fetched anew. */
  readonly anew: () => Observable<void>;
  readonly notify: (event: CacheEvent) => void;
}

/** Gets rows again that are not what was written, or gone; one that was cleaned only with the whole log. */
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

  #store(row: RowMeta, batches: readonly RecordBatch[]): Observable<'mended'> {
    const { data, serial, arrived, anew } = this.#options;
    const { from, to } = row;
    return serial.run(() => {
      if (data.rows.at(from) !== row) return of('mended' as const);
      // What was cleaned out of it may be at its source still: values whose tombstones are gone, and what was aborted.
      if ((data.state.passes.at(-1)?.to ?? 0n) > from) {
        return anew().pipe(
          map(() => 'mended' as const),
          tap(() => this.source?.resume()),
        );
      }
      const fresh = batches.filter(({ baseOffset, lastOffset }) => lastOffset >= from && baseOffset < to);
      const straddles = ({ baseOffset, lastOffset }: RecordBatch): boolean => baseOffset < from || lastOffset >= to;
      if (fresh.some(straddles)) throw corrupt(data.name, row);
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
