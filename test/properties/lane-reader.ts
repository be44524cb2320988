import type { Observable } from 'rxjs';
import { type ControlSink, reset, window } from '../../src/control.ts';
import type { Frame } from '../../src/frame.ts';
import type { LogLane } from '../../src/log/log-lane.ts';
import type { KafkaRecord } from '../../src/protocol/kafka.ts';
import type { Turns } from '../../src/testing/index.ts';
import { shown } from '../src/log/cursor-reader.ts';

/** Takes a lane of a log as it is granted, and writes down what comes. */
export class LaneReader {
  readonly turns: Turns;
  readonly got: string[] = [];
  readonly records: KafkaRecord[] = [];
  taken = 0;
  #control: ControlSink = () => {};

  constructor(lane: Observable<Frame<LogLane<KafkaRecord>>>, turns: Turns) {
    this.turns = turns;
    lane.subscribe({
      next: (frame) => {
        if (frame.kind === 'begin') this.#control = frame.control;
        else if (frame.kind === 'flush') this.got.push(frame.ext.mark);
        else if (frame.kind === 'abort') this.got.push(frame.ext?.code ?? 'abort');
        else if (frame.kind === 'end') this.got.push('end');
        else {
          this.taken += frame.reserved;
          for (let at = 0; at < frame.payload.length; at += 1) {
            this.records.push(frame.payload.at(at));
            this.got.push(shown(frame.payload.at(at)));
          }
        }
      },
      error: (error: Error) => this.got.push(`error ${error.message}`),
      complete: () => this.got.push('complete'),
    });
  }

  grant(credit: number): this {
    this.#control(window(credit));
    return this;
  }

  reset(): void {
    this.#control(reset());
  }
}
