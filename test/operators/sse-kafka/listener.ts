import { Subject, type Subscription } from 'rxjs';
import { type ControlSink, reset, window } from '../../../src/control.ts';
import { abort, begin, type Frame } from '../../../src/frame.ts';
import { lawful } from '../../../src/lawful.ts';
import type { HttpFault } from '../../../src/protocol/http.ts';
import type { Sse, SseBegin } from '../../../src/protocol/sse.ts';
import type { SseEvents } from '../../../src/protocol/sse-events.ts';
import type { Binding } from '../../../src/protocol.ts';

/** A client of an sse binding, and what it was sent. */
export class Listener {
  readonly #initial = new Subject<Frame<Sse['initial']>>();
  /** Each event as its type, `message` by default, and its data. */
  readonly got: string[] = [];
  readonly ids: (string | undefined)[] = [];
  readonly runs: SseEvents[] = [];
  hasBegun = false;
  lastEventId: string | undefined;
  fault: HttpFault | undefined;
  ended: 'end' | 'abort' | undefined;
  error: unknown;
  readonly #subscription: Subscription;
  #control: ControlSink = () => {};

  constructor(binding: Binding<Sse>, ext: Partial<SseBegin>, credit = 1_000_000) {
    this.#subscription = this.#initial.pipe(lawful('initial'), binding, lawful('reply')).subscribe({
      next: (frame) => this.#take(frame, credit),
      error: (error) => {
        this.error = error;
      },
    });
    this.#initial.next(begin({ headers: [], path: '/', ...ext }, () => {}));
  }

  grant(credit: number): void {
    this.#control(window(credit));
  }

  refuse(): void {
    this.#control(reset());
  }

  abort(): void {
    this.#initial.next(abort({ code: 'NET_CLOSED', message: 'gone' }));
  }

  leave(): void {
    this.#subscription.unsubscribe();
  }

  #take(frame: Frame<Sse['reply']>, credit: number): void {
    switch (frame.kind) {
      case 'begin':
        this.hasBegun = true;
        this.#control = frame.control;
        if (credit > 0) this.grant(credit);
        return;
      case 'data': {
        const { payload } = frame;
        this.runs.push(payload);
        for (let index = 0; index < payload.length; index += 1) {
          const { id, body } = payload.at(index);
          this.ids.push(id);
          this.lastEventId = id ?? this.lastEventId;
          const lines = Buffer.from(body.lines).toString().trimEnd().split('\n');
          const type = lines.find((line) => line.startsWith('event:'))?.slice(6) ?? 'message';
          this.got.push(`${type} ${lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5))}`);
        }
        return;
      }
      case 'flush':
        this.lastEventId = frame.ext.id;
        return;
      case 'abort':
        this.fault = frame.ext;
        this.ended = 'abort';
        return;
      case 'end':
        this.ended = 'end';
    }
  }
}
