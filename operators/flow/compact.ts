import { type ControlSink, window } from '../../src/control.ts';
import { begin, data, type Flush } from '../../src/frame.ts';
import { operate } from '../../src/listen.ts';
import type { Log } from '../../src/log/log.ts';
import type { Gap, Mark, Progress } from '../../src/marks.ts';
import type { AnyLane, RunLane } from '../../src/protocol.ts';
import type { Positioned } from '../../src/run.ts';

export interface CompactOptions<R extends Positioned> {
  /** The log that the lane comes from; without an index nothing of it is superseded. */
  readonly log: Pick<Log<Positioned>, 'index' | 'cleaned'>;
  /** The key of a record; one that has none is left alone. Its `key` by default. */
  readonly key?: (record: R) => Uint8Array | null;
  /** Where a snapshot ends: what comes at it or behind supersedes nothing. */
  readonly below?: bigint;
}

/**
 * Drops the records for whose key the index of their log knows a newer one, as it is at the moment they pass.
 *
 *     records   -a-b-A-l-|         a and A share a key, and the log has A by the time a comes
 *     credit    3---------
 *     result    B--b-A-l-(E|)
 *     upstream  31--------         what a costs goes back
 *
 * - *emits* the records that are the newest of their key; marks and answers as they are, but for a caught-up mark
 * - *drops* those that are superseded below `below`, and returns their credit; a caught-up mark waits for the newest of
 *   all that took the place of a record before it, or for what the cleaner left of those, so that at the mark every key
 *   was sent
 * - *backpressures* when its consumer does: it has no window of its own
 * - *ends* when its source does
 */
export function compact<R extends Positioned = Positioned & { readonly key: Uint8Array | null }>(
  options: CompactOptions<R>,
): AnyLane<RunLane<R>> {
  const { log, below } = options;
  const key = options.key ?? ((record: R) => (record as unknown as { readonly key: Uint8Array | null }).key);
  return operate<RunLane<R>>((out) => {
    let control: ControlSink;
    let waiting: Flush<never> | undefined;
    /** The newest offset that took a record's place, and how far the lane is. */
    let owed = -1n;
    let passed = -1n;

    const supersededBy = (record: R): bigint | undefined => {
      const name = key(record);
      const newest = name === null ? undefined : log.index?.newest(name);
      return newest !== undefined && newest > record.offset && (below === undefined || newest < below)
        ? newest
        : undefined;
    };
    const owes = (): boolean => {
      // The cleaner may have taken what is owed, for something newer that its index knew.
      if (owed >= 0n && below === undefined && log.cleaned > owed) owed = log.cleaned - 1n;
      return passed < owed;
    };
    const settle = (): void => {
      if (waiting === undefined || owes()) return;
      const mark = waiting;
      waiting = undefined;
      out.next(mark);
    };

    return {
      next(frame) {
        switch (frame.kind) {
          case 'begin':
            control = frame.control;
            return out.next(
              begin(frame.ext, (wanted) => {
                // Behind RESET comes nothing but ABORT, not even a mark that waited.
                if (wanted.kind === 'reset') waiting = undefined;
                control(wanted);
              }),
            );
          case 'flush': {
            const { ext } = frame;
            if (!('mark' in ext)) return out.next(frame);
            if (ext.mark === 'caught-up' && owes()) {
              waiting = frame as Flush<never>;
              return;
            }
            out.next(frame);
            const next = nextOf(ext);
            if (next !== undefined && next > passed) passed = next - 1n;
            if ('reason' in ext && ext.reason === 'recreated') passed = owed = -1n;
            return settle();
          }
          case 'data': {
            const { payload: run, reserved } = frame;
            const taken: number[] = [];
            let cost = 0;
            for (let at = 0; at < run.length; at += 1) {
              const newest = supersededBy(run.at(at));
              if (newest === undefined) {
                taken.push(at);
                cost += run.cost(at);
              } else if (newest > owed) owed = newest;
            }
            const last = run.at(run.length - 1).offset;
            if (last > passed) passed = last;
            if (taken.length === run.length) out.next(frame);
            else {
              if (taken.length > 0) out.next(data(run.pick(taken), cost));
              control(window(reserved - cost));
            }
            return settle();
          }
          default:
            if (frame.kind === 'end' && waiting !== undefined) out.next(waiting);
            return out.next(frame);
        }
      },
    };
  });
}

/** Up to where the lane is behind a mark that says so. */
function nextOf(mark: Mark): bigint | undefined {
  if (mark.mark === 'gap') return (mark as Gap).to;
  return mark.mark === 'progress' && mark.partition !== undefined
    ? (mark as Progress).offsets?.get(mark.partition)
    : undefined;
}
