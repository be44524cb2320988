import type { ProcessEvent } from '../changes.ts';
import { Conflation } from './conflation.ts';
import { EventStream, type EventStreamOptions, type StreamEvent, type StreamState } from './event-stream.ts';
import { type Applied, ProcessView } from './process-view.ts';
import { Reading } from './reading.ts';

/** A start or an exit, and its place in the topic. */
export interface News extends ProcessEvent {
  readonly place: string;
}

const MOST_NEWS = 200;

/** A stream, and how it is. */
interface Followed {
  readonly stream: Pick<EventStream, 'open' | 'close' | 'restart'>;
  state: StreamState;
}

/** All that the page shows: three consumers, of which one can be paused. */
export class Model {
  readonly live = new ProcessView();
  readonly paused = new ProcessView();
  readonly events = new Reading();
  readonly conflation = new Conflation(this.paused.reading, this.live.reading);
  /** The newest first. */
  news: readonly News[] = [];
  readonly streams: { readonly live: Followed; readonly paused: Followed; readonly events: Followed };
  readonly #changed: () => void;

  /** @param open makes a stream; a browser's by default */
  constructor(
    changed: () => void,
    open: (options: EventStreamOptions) => Followed['stream'] = (options) => new EventStream(options),
  ) {
    this.#changed = changed;
    const follow = (url: string, onEvent: (event: StreamEvent, followed: Followed) => void): Followed => {
      const followed: Followed = {
        state: 'closed',
        stream: open({
          url,
          onEvent: (event) => {
            onEvent(event, followed);
            changed();
          },
          onState: (state) => {
            followed.state = state;
            changed();
          },
        }),
      };
      return followed;
    };
    const view =
      (of: ProcessView, applied: (what: Applied) => void) =>
      (event: StreamEvent, { stream }: Followed) => {
        if (event.type === 'gap') {
          // It may hold a process whose tombstone is gone.
          of.forget();
          return stream.restart();
        }
        const what = of.apply(event);
        if (what !== undefined) applied(what);
      };
    this.streams = {
      live: follow(
        'processes',
        view(this.live, (what) => this.conflation.wrote(what)),
      ),
      paused: follow(
        'processes',
        view(this.paused, (what) => this.conflation.received(what)),
      ),
      events: follow('events', (event) => this.#tell(event)),
    };
  }

  open(): void {
    for (const { stream } of Object.values(this.streams)) stream.open();
  }

  pause(): void {
    this.streams.paused.stream.close();
    this.conflation.pause();
    this.#changed();
  }

  resume(): void {
    this.conflation.resume();
    this.streams.paused.stream.open();
  }

  /** A gap of the topic of events is shown by what it counts as missing. */
  #tell({ type, id, data }: StreamEvent): void {
    if (type === 'gap') return;
    const place = this.events.record(id);
    if (place !== undefined)
      this.news = [{ ...(JSON.parse(data) as ProcessEvent), place }, ...this.news].slice(0, MOST_NEWS);
  }
}
