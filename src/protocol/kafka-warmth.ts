import { Observable } from 'rxjs';
import { listen } from '../listen.ts';
import type { Binding } from '../protocol.ts';
import type { Kafka } from './kafka.ts';
import { errorOf } from './kafka-error.ts';
import { replies } from './kafka-states.ts';

/** How far the cache of a topic is. */
export interface Warmth {
  readonly topic: string;
  /** Whether every partition has been level with its source. */
  readonly isReady: boolean;
  /** By partition, the offset that is fetched next and the end of the source, once that is known. */
  readonly partitions: ReadonlyMap<number, { readonly offset: bigint; readonly end: bigint | undefined }>;
}

/**
 * Keeps a topic fresh in the cache of a binding for as long as this is subscribed to, and tells how far that is, again
 * whenever that changes. Errors with the fault of a cache that cannot be opened.
 */
export const warmth = (binding: Binding<Kafka>, topic: string): Observable<Warmth> =>
  new Observable((out) => {
    const partitions = new Map<number, { offset: bigint; end: bigint | undefined }>();
    let isReady = false;
    listen(replies(binding, { api: 'bootstrap', topic }), out, {
      next(frame) {
        if (frame.kind === 'abort') return out.error(frame.ext ?? errorOf());
        if (frame.kind !== 'flush' || !('mark' in frame.ext)) return;
        const { ext } = frame;
        if (ext.mark === 'progress') {
          for (const [partition, offset] of ext.offsets)
            partitions.set(partition, { offset, end: partitions.get(partition)?.end });
        } else if (ext.mark === 'watermark') {
          const offset = partitions.get(ext.partition)?.offset ?? ext.logStart;
          partitions.set(ext.partition, { offset, end: ext.highWatermark });
        } else if (ext.mark === 'caught-up') isReady = true;
        out.next({ topic, isReady, partitions: new Map(partitions) });
      },
    });
  });
