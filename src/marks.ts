/**
 * A flush that keeps its place among DATA. `caught-up` and `gap` are barriers: nothing conflates across them.
 * `progress` and `watermark` are cumulative: a later one may replace one of its own kind and partition when nothing but
 * cumulative marks stands between the two.
 * A mark of any other name keeps its place and is never replaced.
 */
export interface Mark {
  readonly mark: string;
  /** The partition it speaks of; without one, the whole lane. */
  readonly partition?: number;
}

/** A flush that answers something sent on the other lane: it may pass waiting DATA, never another answer. */
export interface Answer {
  readonly answer: string;
}

/** Tells a consumer what it does not get: the offsets from `from` up to, not including, `to`. */
export interface Gap extends Mark {
  readonly mark: 'gap';
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
  readonly reason: string;
}

/** Tells that a consumer has all that there was when it began, once. */
export interface CaughtUp extends Mark {
  readonly mark: 'caught-up';
}

/** Up to where a stream has read, by partition: enough to resume after any record. */
export interface Progress extends Mark {
  readonly mark: 'progress';
  readonly topicId?: string;
  readonly offsets: ReadonlyMap<number, bigint>;
}

/** Whether a flush is an answer; otherwise it is a mark. */
export const isAnswer = (ext: Mark | Answer): ext is Answer => 'answer' in ext;

/** Whether a mark is one that nothing conflates across. */
export const isBarrier = (ext: Mark): boolean => ext.mark === 'caught-up' || ext.mark === 'gap';

/** Whether a later mark of its kind and partition says all that this one says. */
export const isCumulative = (ext: Mark): boolean => ext.mark === 'progress' || ext.mark === 'watermark';

/** Whether `later` may take the place of `earlier` when nothing but cumulative marks stands between them. */
export const replaces = (later: Mark, earlier: Mark): boolean =>
  isCumulative(later) && later.mark === earlier.mark && later.partition === earlier.partition;
