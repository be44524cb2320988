import { concat, concatMap, EMPTY, ignoreElements, type Observable, of } from 'rxjs';
import type { Gap } from '../../marks.ts';
import type { KafkaMark } from '../../protocol/kafka.ts';
import type { RecordBatch } from '../../protocol/kafka-batch.ts';
import type { FollowedLog, Standing } from './followed-log.ts';

/** A mark that a source tells of a partition. */
export type SourceMark = Extract<KafkaMark, { mark: 'watermark' | 'progress' | 'gap' }>;

const NOWHERE: Standing = { logStart: 0n, highWatermark: 0n, lastStableOffset: 0n };

/** Does to the log of a partition what its source says. */
export class LogWriter {
  readonly #log: FollowedLog;
  readonly #partition: number;
  readonly #now: () => number;
  /** What comes next, past offsets at which there is nothing. */
  #next: bigint;

  constructor(log: FollowedLog, partition: number, now: () => number) {
    this.#log = log;
    this.#partition = partition;
    this.#now = now;
    this.#next = log.state.end;
  }

  /** Where to go on, and the epoch of the record before that; nothing where the log has not begun. */
  get from(): { readonly offset: bigint; readonly lastEpoch: number } | undefined {
    const { source, lastEpoch } = this.#log.state;
    return source && { offset: this.#next, lastEpoch };
  }

  begin(offset: bigint, { highWatermark, lastStableOffset }: Omit<Standing, 'logStart'>): Observable<void> {
    this.#next = offset;
    return this.#log.begin(offset, { logStart: offset, highWatermark, lastStableOffset });
  }

  append(batches: readonly RecordBatch[]): Observable<void> {
    const { lastOffset } = batches.at(-1) as RecordBatch;
    if (lastOffset >= this.#next) this.#next = lastOffset + 1n;
    return this.#stand(batches, this.#log.state.source ?? NOWHERE);
  }

  /** Emits if the log had to begin again: then what comes next has to be asked for anew. */
  mark(mark: SourceMark): Observable<'restarted'> {
    switch (mark.mark) {
      case 'watermark': {
        const { logStart, highWatermark, lastStableOffset } = mark;
        const stood = this.#stand([], { logStart, highWatermark, lastStableOffset });
        const trimmed = logStart > this.#log.log.offsets.logStart ? this.#log.trim(logStart) : EMPTY;
        return concat(stood, trimmed).pipe(ignoreElements());
      }
      case 'progress':
        this.#next = mark.offsets.get(this.#partition) ?? this.#next;
        return EMPTY;
      case 'gap':
        return this.#gap(mark);
    }
  }

  /** Begins again from the start of the source. */
  restart(reason: 'recreated' | 'truncated' | 'tombstones', parted?: bigint): Observable<void> {
    const source = reason === 'recreated' ? NOWHERE : (this.#log.state.source ?? NOWHERE);
    this.#next = source.logStart;
    return this.#log.begin(source.logStart, source, reason, parted);
  }

  #gap({ reason, from, to }: Gap): Observable<'restarted'> {
    if (reason === 'retention') {
      this.#next = to;
      return EMPTY;
    }
    this.#next = from;
    return this.#log
      .truncate(from)
      .pipe(
        concatMap((isDone) => (isDone ? EMPTY : then(this.restart('truncated', from), of<'restarted'>('restarted')))),
      );
  }

  #stand(batches: readonly RecordBatch[], source: Standing): Observable<void> {
    const isLevel = this.#next >= source.highWatermark;
    return this.#log.append(batches, { ...source, isLevel, time: this.#now() });
  }
}

/** The second, once the first is done. */
const then = <T>(first: Observable<void>, second: Observable<T>): Observable<T> =>
  concat(first.pipe(ignoreElements()), second);
