/** An event of a stream. */
export interface StreamEvent {
  /** `message`, `delete` or `gap`. */
  readonly type: string;
  readonly id: string;
  readonly data: string;
}

/** Of a stream. `lost` comes back by itself. */
export type StreamState = 'closed' | 'connecting' | 'open' | 'lost';

export interface EventStreamOptions {
  readonly url: string;
  readonly onEvent: (event: StreamEvent) => void;
  readonly onState: (state: StreamState) => void;
}

const TYPES = ['message', 'delete', 'gap'];

/** How long it waits where a browser gives up, in milliseconds. */
const RETRY = 2_000;

/**
 * The events behind a URL, from one to the next with none missed or repeated, however often the connection breaks, the server
 * restarts or it is closed and opened: an `EventSource` comes back by `Last-Event-ID`, and a new one is told the id by query.
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  #source: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #id = '';

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  /** Begins, or goes on behind the last event that came. */
  open(): void {
    const { url, onEvent, onState } = this.#options;
    this.close();
    const from = this.#id === '' ? '' : `?lastEventId=${encodeURIComponent(this.#id)}`;
    const source = new EventSource(`${url}${from}`);
    this.#source = source;
    onState('connecting');
    source.onopen = () => onState('open');
    source.onerror = () => {
      onState('lost');
      // A browser comes back by itself, but not after an answer other than 200.
      if (source.readyState !== EventSource.CLOSED) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.open(), RETRY);
    };
    for (const type of TYPES)
      source.addEventListener(type, ({ lastEventId, data }: MessageEvent<string>) => {
        this.#id = lastEventId;
        onEvent({ type, id: lastEventId, data });
      });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = undefined;
    this.#options.onState('closed');
  }

  /** Begins again where the stream does. */
  restart(): void {
    this.#id = '';
    this.open();
  }
}
