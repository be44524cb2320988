import { Subject, type Subscription } from 'rxjs';
import { type ControlSink, window } from '../../../src/control.ts';
import { abort, begin, type Data, end, type Frame, flush } from '../../../src/frame.ts';
import { lawful } from '../../../src/lawful.ts';
import { cut } from '../../../src/payload.ts';
import type {
  Filter,
  Fragment,
  Kafka,
  KafkaAnswer,
  KafkaBegin,
  KafkaMark,
  KafkaRecord,
  KafkaReplyBegin,
  ProducedRecord,
} from '../../../src/protocol/kafka.ts';
import type { RecordBatch } from '../../../src/protocol/kafka-batch.ts';
import { fragment } from '../../../src/protocol/kafka-fragment.ts';
import type { Binding } from '../../../src/protocol.ts';
import type { Run } from '../../../src/run.ts';
import { shown } from '../../src/log/cursor-reader.ts';

/** A stream of a binding, and what comes of it. */
export class Consumer {
  readonly got: string[] = [];
  readonly batches: RecordBatch[] = [];
  readonly answers: KafkaAnswer[] = [];
  readonly marks: KafkaMark[] = [];
  begun: KafkaReplyBegin | undefined;
  /** The credit of what it produces; whether no more is taken. */
  balance = 0;
  isReset = false;
  readonly #initial = new Subject<Frame<Kafka['initial']>>();
  readonly #subscription: Subscription;
  #control: ControlSink = () => {};

  constructor(binding: Binding<Kafka>, ext: KafkaBegin, credit = 0) {
    this.#subscription = this.#initial.pipe(lawful('initial'), binding, lawful('reply')).subscribe({
      next: (frame) => {
        if (frame.kind === 'begin') {
          this.begun = frame.ext;
          this.#control = frame.control;
          if (credit > 0) frame.control(window(credit));
        } else if (frame.kind === 'data') {
          const { payload } = frame;
          if ('partitions' in payload) this.got.push(`meta ${payload.partitions.map(({ leader }) => leader)}`);
          else if ('configs' in payload) this.got.push(`configs ${Object.keys(payload.configs)}`);
          else if ('bytes' in payload) this.#takeBatch(payload);
          else
            for (let at = 0; at < (payload as Run<KafkaRecord>).length; at += 1)
              this.#take((payload as Run<KafkaRecord>).at(at));
        } else if (frame.kind === 'flush') {
          if ('mark' in frame.ext) this.marks.push(frame.ext);
          else this.answers.push(frame.ext);
          this.got.push('mark' in frame.ext ? frame.ext.mark : frame.ext.answer);
        } else this.got.push(frame.kind === 'abort' ? (frame.ext?.code ?? 'abort') : 'end');
      },
      error: (error: Error) => this.got.push(`error ${error.message}`),
      complete: () => this.got.push('complete'),
    });
    this.#initial.next(
      begin(ext, (control) => {
        if (control.kind === 'window') this.balance += control.credit;
        else this.isReset = true;
      }),
    );
  }

  #take(record: KafkaRecord): void {
    this.got.push(`${record.partition}/${shown(record)}`);
  }

  #takeBatch(batch: RecordBatch): void {
    this.batches.push(batch);
    this.got.push(`batch ${batch.baseOffset}-${batch.lastOffset}`);
  }

  grant(credit: number): this {
    this.#control(window(credit));
    return this;
  }

  /** Produces a record in one fragment. */
  send(value: string, opens: Partial<ProducedRecord> = {}): this {
    return this.part(value, true, { key: null, headers: [], ...opens });
  }

  /** Produces a part of one, as its credit allows. */
  part(value: string, isLast: boolean, opens?: ProducedRecord): this {
    let rest: Data<Fragment> | undefined = fragment(Buffer.from(value), isLast, opens);
    while (rest !== undefined) {
      if (this.balance <= 0) throw new Error('no credit');
      const [next, more]: readonly [Data<Fragment>, Data<Fragment>?] = cut(rest, this.balance) ?? [rest];
      this.balance -= next.reserved;
      this.#initial.next(next);
      rest = more;
    }
    return this;
  }

  /** How each record that was produced was answered. */
  get answered(): string[] {
    return this.answers.map((one) =>
      one.answer === 'produced' ? `${one.record} ${one.partition}@${one.offset}` : `${one.record} ${one.fault.code}`,
    );
  }

  filter(filters: readonly Filter[]): void {
    this.#initial.next(flush({ mark: 'filters' as const, filters }));
  }

  end(): void {
    this.#initial.next(end());
  }

  abort(): void {
    this.#initial.next(abort({ code: 'NET_RESET', message: 'gone' }));
  }

  leave(): void {
    this.#subscription.unsubscribe();
  }
}
