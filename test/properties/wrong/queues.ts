import {
  type Data,
  type Flush,
  flush,
  type Gap,
  type Mark,
  type Owe,
  type Queue,
  type Run,
  records,
  relay,
} from 'sluice';
import type { LawLane, LawRecord, LawsOptions } from 'sluice/testing';
import type { Wrong } from './wrong.ts';

const WINDOW = 4;

type Entry = LawRecord | Flush<Mark>;

const isMark = (entry: Entry | undefined): entry is Flush<Mark> => entry !== undefined && 'kind' in entry;
const listOf = (run: Run<LawRecord>): LawRecord[] => Array.from({ length: run.length }, (_, index) => run.at(index));
const dataOf = (list: readonly LawRecord[]): Data<Run<LawRecord>> => records(list, ({ cost }) => cost);
const isCumulative = ({ ext }: Flush<Mark>): boolean => ext.mark === 'progress' || ext.mark === 'watermark';
const isBarrier = ({ ext }: Flush<Mark>): boolean => ext.mark === 'caught-up' || ext.mark === 'gap';

/** A queue as a stranger writes it: a plain list, in which each record stands for itself. */
class Line implements Queue<LawLane> {
  readonly owe: Owe;
  list: Entry[] = [];

  constructor(owe: Owe) {
    this.owe = owe;
  }

  get empty(): boolean {
    return this.list.length === 0;
  }

  get waiting(): number {
    return this.list.reduce((sum, entry) => sum + (isMark(entry) ? 0 : entry.cost), 0);
  }

  offer({ payload }: Data<Run<LawRecord>>, _balance: number): void {
    for (const record of listOf(payload)) this.admit(record);
  }

  admit(record: LawRecord): void {
    this.list.push(record);
  }

  mark(frame: Flush<Mark | { answer: string }>): void {
    this.list.push(frame as Flush<Mark>);
  }

  poll(balance: number): Data<Run<LawRecord>> | Flush<Mark> | undefined {
    const [first] = this.list;
    if (isMark(first)) return this.list.shift() as Flush<Mark>;
    if (first === undefined || balance <= 0) return undefined;
    const sent = dataOf(this.take(balance));
    this.owe(sent.reserved);
    return sent;
  }

  take(balance: number): LawRecord[] {
    const taken: LawRecord[] = [];
    for (let left = balance; left > 0; ) {
      const entry = this.list[0];
      if (entry === undefined || isMark(entry)) break;
      taken.push(entry);
      this.list.shift();
      left -= entry.cost;
    }
    return taken;
  }
}

/** Keeps the newest of each key, between barriers. */
class Newest extends Line {
  override admit(record: LawRecord): void {
    for (let at = this.list.length - 1; at >= 0; at -= 1) {
      const entry = this.list[at] as Entry;
      if (isMark(entry)) {
        if (this.bars(entry)) break;
      } else if (this.same(entry, record)) {
        this.list.splice(at, 1);
        this.owe(entry.cost);
        break;
      }
    }
    this.list.push(record);
  }

  bars(mark: Flush<Mark>): boolean {
    return isBarrier(mark);
  }

  same(older: LawRecord, newer: LawRecord): boolean {
    return newer.key !== null && older.key === newer.key && older.partition === newer.partition;
  }
}

/** Loses the newest while more than two wait, and says so at their place. */
class Dropping extends Line {
  override offer({ payload }: Data<Run<LawRecord>>, balance: number): void {
    for (const record of listOf(payload)) {
      if (this.waiting < 2 + Math.max(0, balance)) this.list.push(record);
      else this.lose(record);
    }
  }

  lose({ cost, ...record }: LawRecord): void {
    this.list.push(this.gap(record.partition, record.offset, record.offset + 1n));
    this.owe(cost);
  }

  gap(partition: number, from: bigint, to: bigint): Flush<Mark> {
    return flush<Gap>({ mark: 'gap', partition, from, to, reason: 'slow' });
  }
}

type Kind = new (owe: Owe) => Line;
const made =
  (kind: Kind): LawsOptions['operator'] =>
  (scheduler) =>
    relay<LawLane>({ window: WINDOW, queue: (owe) => new kind(owe), scheduler });

const everything = (what: string, law: string, kind: Kind): Wrong => ({
  ...{ what, law, window: WINDOW, delivers: 'everything' },
  operator: made(kind),
});
const newest = (what: string, kind: Kind, law = 'delivers what it promises'): Wrong => ({
  ...everything(what, law, kind),
  delivers: 'the newest of each key',
});
const told = (what: string, kind: Kind, law = 'delivers what it promises'): Wrong => ({
  ...everything(what, law, kind),
  delivers: 'what no gap tells of',
});

const MARKS = 'keeps marks in their place';
const CREDIT = 'opens its window, and never more of it';
const ONCE = 'sends what it may at once';
const JOINT = 'frames keep the laws of a joint';

/** Lets a mark take the place of one that waits, where `is` allows. */
const replacing = (is: (waiting: Flush<Mark>, mark: Flush<Mark>, between: readonly Entry[]) => boolean): Kind =>
  class extends Line {
    override mark(frame: Flush<Mark>): void {
      const at = this.list.findIndex((entry, i) => isMark(entry) && is(entry, frame, this.list.slice(i + 1)));
      if (at >= 0) this.list.splice(at, 1);
      this.list.push(frame);
    }
  };

/** Queues with one mistake, and the law that it breaks. */
export const wrongQueues: readonly Wrong[] = [
  everything(
    'returns credit for what still waits',
    'is bounded',
    class extends Line {
      override offer(frame: Data<Run<LawRecord>>, balance: number): void {
        super.offer(frame, balance);
        this.owe(frame.reserved);
      }
      override poll(balance: number) {
        const sent = super.poll(balance);
        if (sent?.kind === 'data') this.owe(-sent.reserved);
        return sent;
      }
    },
  ),
  everything(
    'returns credit twice',
    CREDIT,
    class extends Line {
      override poll(balance: number) {
        const sent = super.poll(balance);
        if (sent?.kind === 'data') this.owe(sent.reserved);
        return sent;
      }
    },
  ),
  everything(
    'returns one credit for each record',
    CREDIT,
    class extends Line {
      override poll(balance: number) {
        const sent = super.poll(balance);
        if (sent?.kind === 'data') this.owe(sent.payload.length - sent.reserved);
        return sent;
      }
    },
  ),
  everything(
    'sends all that waits on a credit of one',
    JOINT,
    class extends Line {
      override take() {
        return super.take(1_000);
      }
    },
  ),
  everything(
    'sends without credit',
    JOINT,
    class extends Line {
      override poll(balance: number) {
        return super.poll(Math.max(1, balance));
      }
    },
  ),
  everything(
    'sends nothing that overdraws',
    ONCE,
    class extends Line {
      override poll(balance: number) {
        const [first] = this.list;
        return isMark(first) || (first !== undefined && first.cost <= balance) ? super.poll(balance) : undefined;
      }
    },
  ),
  everything(
    'holds the last record until another comes',
    ONCE,
    class extends Line {
      override poll(balance: number) {
        return this.list.length > 1 || isMark(this.list[0]) ? super.poll(balance) : undefined;
      }
    },
  ),
  everything(
    'waits for credit with a mark that is first',
    ONCE,
    class extends Line {
      override poll(balance: number) {
        return balance > 1 ? super.poll(balance) : undefined;
      }
    },
  ),
  everything(
    'sends the newest first',
    'keeps order',
    class extends Line {
      override admit(record: LawRecord) {
        this.list.unshift(record);
      }
    },
  ),
  everything(
    'lets cheap records pass',
    'keeps order',
    class extends Line {
      override admit(record: LawRecord) {
        if (record.cost === 1) this.list.unshift(record);
        else super.admit(record);
      }
    },
  ),
  everything(
    'loses what is cut off',
    'delivers what it promises',
    class extends Line {
      override offer({ payload }: Data<Run<LawRecord>>, balance: number) {
        let left = balance + WINDOW;
        for (const record of listOf(payload)) {
          if (left > 0) this.admit(record);
          else this.owe(record.cost);
          left -= 2 * record.cost;
        }
      }
    },
  ),
  everything(
    'sends the record twice at which it is cut',
    'delivers what it promises',
    class extends Line {
      #last: LawRecord | undefined;
      override take(balance: number) {
        const taken = super.take(balance);
        const last = taken.at(-1);
        if (this.list.length > 0 && last !== undefined && last !== this.#last) {
          this.list.unshift(last);
          this.owe(-last.cost);
          this.#last = last;
        }
        return taken;
      }
    },
  ),
  everything(
    'loses what waits when END comes',
    'delivers what it promises',
    class extends Line {
      end() {
        this.list = [];
      }
    },
  ),
  everything(
    'sends marks first',
    MARKS,
    class extends Line {
      override mark(frame: Flush<Mark>) {
        this.list.unshift(frame);
      }
    },
  ),
  everything(
    'sends records first',
    MARKS,
    class extends Line {
      override admit(record: LawRecord) {
        const at = this.list.findIndex(isMark);
        this.list.splice(at < 0 ? this.list.length : at, 0, record);
      }
    },
  ),
  everything(
    'lets progress replace progress before a record',
    MARKS,
    replacing((a, b) => isCumulative(a) && a.ext.mark === b.ext.mark && a.ext.partition === b.ext.partition),
  ),
  everything(
    'lets progress replace that of another partition',
    MARKS,
    replacing((a, b, between) => isCumulative(a) && a.ext.mark === b.ext.mark && between.every(isMark)),
  ),
  everything(
    'lets progress replace a watermark',
    MARKS,
    replacing(
      (a, b, between) =>
        isCumulative(a) && isCumulative(b) && a.ext.partition === b.ext.partition && between.every(isMark),
    ),
  ),
  everything(
    'lets a caught-up mark replace another',
    MARKS,
    replacing((a, b) => a.ext.mark === 'caught-up' && b.ext.mark === 'caught-up'),
  ),
  everything(
    'lets progress replace progress across a change of filters',
    MARKS,
    replacing((a, b, between) => {
      const same = a.ext.mark === b.ext.mark && a.ext.partition === b.ext.partition;
      return isCumulative(a) && same && between.every((entry) => isMark(entry) && !isBarrier(entry));
    }),
  ),
  newest(
    'keeps the oldest of each key',
    class extends Newest {
      override admit(record: LawRecord) {
        const older = this.list.find((entry) => !isMark(entry) && this.same(entry, record));
        if (older === undefined) this.list.push(record);
        else this.owe(record.cost);
      }
    },
  ),
  newest(
    'puts the newest where the oldest stood',
    class extends Newest {
      override admit(record: LawRecord) {
        const at = this.list.findIndex((entry) => !isMark(entry) && this.same(entry, record));
        const barrier = this.list.findLastIndex((entry) => isMark(entry) && this.bars(entry));
        if (at <= barrier) return void this.list.push(record);
        this.owe((this.list[at] as LawRecord).cost);
        this.list[at] = record;
      }
    },
    'keeps order',
  ),
  newest(
    'conflates across a caught-up mark',
    class extends Newest {
      override bars({ ext }: Flush<Mark>) {
        return ext.mark === 'gap';
      }
    },
  ),
  newest(
    'conflates across a gap',
    class extends Newest {
      override bars({ ext }: Flush<Mark>) {
        return ext.mark === 'caught-up';
      }
    },
  ),
  newest(
    'conflates the same key of two partitions',
    class extends Newest {
      override same(older: LawRecord, newer: LawRecord) {
        return newer.key !== null && older.key === newer.key;
      }
    },
  ),
  newest(
    'conflates records that have no key',
    class extends Newest {
      override same(older: LawRecord, newer: LawRecord) {
        return older.key === newer.key && older.partition === newer.partition;
      }
    },
  ),
  newest(
    'does not give back what it conflates',
    class extends Newest {
      override admit(record: LawRecord) {
        this.list = this.list.filter((entry) => isMark(entry) || !this.same(entry, record));
        this.list.push(record);
      }
    },
    CREDIT,
  ),
  told(
    'drops without a word',
    class extends Dropping {
      override lose({ cost }: LawRecord) {
        this.owe(cost);
      }
    },
  ),
  told(
    'tells of a gap behind later records',
    class extends Dropping {
      late: Flush<Mark>[] = [];
      override lose({ cost, partition, offset }: LawRecord) {
        this.late.push(this.gap(partition, offset, offset + 1n));
        this.owe(cost);
      }
      override poll(balance: number) {
        return super.poll(balance) ?? (balance > 50 ? this.late.shift() : undefined);
      }
      override get empty() {
        return super.empty && this.late.length === 0;
      }
    },
  ),
  told(
    'tells of a gap in another partition',
    class extends Dropping {
      override gap(partition: number, from: bigint, to: bigint) {
        return super.gap(1 - partition, from, to);
      }
    },
  ),
  told(
    'tells of a gap that is one too short',
    class extends Dropping {
      override gap(partition: number, from: bigint, to: bigint) {
        return super.gap(partition, from, to - 1n);
      }
    },
  ),
  told(
    'tells of a gap that begins one too early',
    class extends Dropping {
      override gap(partition: number, from: bigint, to: bigint) {
        return super.gap(partition, from - 1n, to);
      }
    },
  ),
  told(
    'tells of a gap that goes on too far',
    class extends Dropping {
      override gap(partition: number, from: bigint, to: bigint) {
        return super.gap(partition, from, to + 5n);
      }
    },
  ),
  told(
    'tells of a gap where nothing was lost',
    class extends Dropping {
      override admit(record: LawRecord) {
        this.list.push(record);
      }
      override offer(frame: Data<Run<LawRecord>>, balance: number) {
        super.offer(frame, balance);
        this.list.push(this.gap(7, 0n, 1n));
      }
    },
  ),
  told(
    'does not give back what it drops',
    class extends Dropping {
      override lose({ partition, offset }: LawRecord) {
        this.list.push(this.gap(partition, offset, offset + 1n));
      }
    },
    CREDIT,
  ),
];

/** The same without a mistake. */
export const rightQueues: Readonly<Record<string, Pick<LawsOptions, 'operator' | 'window' | 'delivers'>>> = {
  line: { operator: made(Line), window: WINDOW, delivers: 'everything' },
  newest: { operator: made(Newest), window: WINDOW, delivers: 'the newest of each key' },
  dropping: { operator: made(Dropping), window: WINDOW, delivers: 'what no gap tells of' },
};
