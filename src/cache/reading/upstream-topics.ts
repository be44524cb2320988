import { Observable, type SchedulerLike } from 'rxjs';
import { SluiceError } from '../../errors.ts';
import { Kept } from '../../kept.ts';
import { listen } from '../../listen.ts';
import { Dispatcher } from '../../log/dispatcher.ts';
import type { Description, Kafka, Meta } from '../../protocol/kafka.ts';
import { replies, states } from '../../protocol/kafka-states.ts';
import type { Binding } from '../../protocol.ts';
import type { LogSource, LogTopic } from './log-topic.ts';

/**
 * Topics whose logs an exit brings: for each, one stream of its metadata, one of its configuration and one of each
 * partition, however many read it.
 */
export class UpstreamTopics {
  readonly #metas: Kept<string, Meta>;
  readonly #descriptions: Kept<string, Description>;
  readonly #logs: Kept<string, LogSource>;

  /** @param grace how long a stream is kept when nobody is interested any more, in milliseconds */
  constructor(exit: Binding<Kafka>, grace: number, scheduler: SchedulerLike) {
    this.#metas = new Kept((topic) => states<Meta>(exit, { api: 'meta', topic }), grace, scheduler);
    this.#descriptions = new Kept(
      (topic) => states<Description>(exit, { api: 'describe', topic, configs: [] }),
      grace,
      scheduler,
    );
    this.#logs = new Kept(
      (place) => {
        // The name of a topic has no slash.
        const [topic = '', partition] = place.split('/');
        return logOf(exit, topic, Number(partition), scheduler);
      },
      grace,
      scheduler,
    );
  }

  of(topic: string): LogTopic {
    const [metas, descriptions] = [this.#metas, this.#descriptions];
    return {
      get metas() {
        return metas.of(topic);
      },
      get descriptions() {
        return descriptions.of(topic);
      },
      log: (partition) => this.#logs.of(`${topic}/${partition}`),
    };
  }
}

/** The log that the reply to a `fetch` stream brings, until that ends. */
const logOf = (
  exit: Binding<Kafka>,
  topic: string,
  partition: number,
  scheduler: SchedulerLike,
): Observable<LogSource> =>
  new Observable((out) => {
    const gone = (): void => out.error(new SluiceError('CACHE_LOG_GONE', `${topic}/${partition}`));
    listen(replies(exit, { api: 'fetch', topic, partition }), out, {
      next(frame) {
        if (frame.kind === 'begin') {
          const { ext } = frame;
          if (ext.api !== 'fetch' || ext.log === undefined)
            return out.error(new SluiceError('CACHE_LOG_MISSING', `${topic}/${partition}: its exit brings no log`));
          out.next({ dispatcher: new Dispatcher(ext.log, scheduler), from: ext.from ?? 'earliest' });
        } else if (frame.kind === 'abort' && frame.ext !== undefined) out.error(frame.ext);
        else if (frame.kind === 'abort' || frame.kind === 'end') gone();
      },
      complete: gone,
    });
  });
