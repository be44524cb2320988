import { Deque } from '../deque.ts';
import { type Flush, flush } from '../frame.ts';
import { type Gap, isCumulative, type Mark } from '../marks.ts';
import type { Positioned, Run } from '../run.ts';
import { Stretch } from './stretch.ts';

/** A stretch of cumulative marks and, before them, the gaps of what was lost among them. */
interface Passage {
  readonly kind: 'passage';
  readonly gaps: Map<number, Gap>;
  readonly marks: Stretch<never>;
}

/**
 * What is told between two DATA: marks, and the gaps of what was lost, each at its place. Only cumulative marks may
 * come behind a gap that was told before them, so that losing more and more holds one gap a partition.
 */
export class Told {
  readonly #entries = new Deque<Flush<never> | Passage>();

  get empty(): boolean {
    return this.#entries.length === 0;
  }

  mark(frame: Flush<never>): void {
    if (isCumulative(frame.ext as Mark)) this.#passage().marks.push(frame);
    else this.#entries.push(frame);
  }

  /** Notes that a run is lost at this place. */
  lose(run: Run<Positioned>): void {
    const { gaps } = this.#passage();
    const { partition, offset: from } = run.at(0);
    const to = run.at(run.length - 1).offset + 1n;
    gaps.set(partition, joined(gaps.get(partition), { mark: 'gap', partition, from, to, reason: 'overflow' }));
  }

  /** Takes in what is told directly behind. */
  join(behind: Told): void {
    for (let entry = behind.#entries.shift(); entry !== undefined; entry = behind.#entries.shift()) {
      if (entry.kind === 'flush') this.#entries.push(entry);
      else {
        const { gaps, marks } = this.#passage();
        for (const gap of entry.gaps.values()) gaps.set(gap.partition, joined(gaps.get(gap.partition), gap));
        marks.join(entry.marks);
      }
    }
  }

  /** Takes what is told next: a gap only if it is `paid` for. */
  poll(paid: boolean): Flush<never> | undefined {
    const entry = this.#entries.first;
    if (entry === undefined || entry.kind === 'flush') return this.#entries.shift() as Flush<never> | undefined;
    const { gaps, marks } = entry;
    if (gaps.size > 0 && !paid) return undefined;
    const frame = shiftGap(gaps) ?? marks.shift();
    if (gaps.size === 0 && marks.empty) this.#entries.shift();
    return frame;
  }

  #passage(): Passage {
    const { last } = this.#entries;
    if (last?.kind === 'passage') return last;
    const passage: Passage = { kind: 'passage', gaps: new Map(), marks: new Stretch() };
    this.#entries.push(passage);
    return passage;
  }
}

const joined = (earlier: Gap | undefined, later: Gap): Gap =>
  earlier === undefined ? later : { ...later, from: earlier.from };

function shiftGap(gaps: Map<number, Gap>): Flush<never> | undefined {
  for (const [partition, gap] of gaps) {
    gaps.delete(partition);
    return flush(gap) as Flush<never>;
  }
  return undefined;
}
