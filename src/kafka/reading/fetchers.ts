import { type SchedulerLike, Subscriber } from 'rxjs';
import { positive, SluiceError } from '../../errors.ts';
import { eventLoop } from '../../scheduler.ts';
import type { Cluster } from '../cluster.ts';
import { Fetcher, type FetchOptions } from './fetcher.ts';

export interface FetchersOptions extends FetchOptions {
  readonly scheduler?: SchedulerLike;
}

/** The fetchers of a cluster, one for each of its brokers. */
export class Fetchers {
  readonly #cluster: Cluster;
  readonly #options: Required<FetchersOptions>;
  readonly #brokers = new Map<number, Fetcher>();
  readonly #life: Subscriber<never>;

  /**
   * @param defect told of what is no fault of a broker
   * @throws SluiceError OPTION_INVALID
   */
  constructor(cluster: Cluster, options: FetchersOptions, defect: (thrown: unknown) => void) {
    const { maxWait = 500, maxBytes = 8 * 1024 * 1024, scheduler = eventLoop } = options;
    positive('maxBytes', maxBytes);
    if (!(Number.isSafeInteger(maxWait) && maxWait >= 0)) {
      throw new SluiceError('OPTION_INVALID', `maxWait must be an integer >= 0, not ${maxWait}`);
    }
    this.#cluster = cluster;
    this.#options = { maxWait, maxBytes, scheduler };
    this.#life = new Subscriber<never>({ next() {}, error: defect, complete() {} });
  }

  /** That of a broker. */
  of(broker: number): Fetcher {
    const known = this.#brokers.get(broker);
    if (known !== undefined) return known;
    const fetcher = new Fetcher(this.#cluster, broker, { ...this.#options, life: this.#life });
    this.#brokers.set(broker, fetcher);
    return fetcher;
  }

  /** Stops all of them. */
  close(): void {
    this.#life.unsubscribe();
  }
}
