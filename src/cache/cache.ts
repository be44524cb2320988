import {
  concat,
  concatMap,
  defer,
  EMPTY,
  forkJoin,
  ignoreElements,
  map,
  Observable,
  of,
  ReplaySubject,
  share,
} from 'rxjs';
import { listen } from '../listen.ts';
import { dataOf, statesOf, topicKey } from './keys.ts';
import { Serial } from './serial.ts';
import { type StoredTopic, Topic, type TopicOptions } from './topic.ts';
import type { UpkeptPartition } from './upkept-partition.ts';

/** The topics that a directory holds. */
export class Cache {
  readonly #options: TopicOptions;
  readonly #stored = new Map<string, StoredTopic>();
  readonly #open = new Map<string, Observable<Topic>>();
  readonly #topics = new Set<Topic>();
  readonly #serial = new Serial();
  readonly #closed = new ReplaySubject<never>();
  #next: number;
  #isClosed = false;

  /** @param next the number that the next topic gets */
  constructor(topics: readonly StoredTopic[], next: number, options: TopicOptions) {
    for (const topic of topics) this.#stored.set(topic.name, topic);
    this.#next = next;
    this.#options = options;
  }

  /** The names of the topics that it holds. */
  get names(): readonly string[] {
    return [...this.#stored.keys()];
  }

  /** What is stored of the topics that are not open. */
  get idle(): readonly StoredTopic[] {
    const open = new Set([...this.#topics].map(({ name }) => name));
    return [...this.#stored.values()].filter(({ name }) => !open.has(name));
  }

  /** The logs of the topics that are open. */
  get upkept(): readonly UpkeptPartition[] {
    return [...this.#topics].flatMap(({ upkept }) => upkept);
  }

  /**
   * A topic, open as long as this is subscribed to: emits once the keys of what is stored are known, and never completes.
   * Errors with CACHE_DAMAGED.
   */
  topic(name: string): Observable<Topic> {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const opened = this.#opened(name).pipe(share({ connector: () => new ReplaySubject<Topic>(1) }));
    this.#open.set(name, opened);
    return opened;
  }

  /** Removes a topic that is not open. */
  remove(name: string): Observable<void> {
    return this.#serial.run(() => {
      const stored = this.#stored.get(name);
      if (stored === undefined) return of(undefined);
      this.#stored.delete(name);
      const { number } = stored;
      const { store } = this.#options;
      // The rows go after what tells of them; those that a crash leaves are nobody's.
      return store.list(statesOf(number), HIGHEST).pipe(
        concatMap((states) => store.write([{ key: topicKey(number) }, ...states.map(({ key }) => ({ key }))])),
        concatMap(() => forkJoin(dataOf(number, number + 1).map((range) => store.clear(range)))),
        map(() => undefined),
      );
    });
  }

  /** Completes once the store is closed; errors if that cannot be done. */
  get closed(): Observable<never> {
    return this.#closed;
  }

  /** Closes the store, once the topics are closed. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const all = defer(() => concat(...[...this.#topics].map((topic) => topic.close())));
    this.#serial
      .run(() => concat(all, this.#options.store.close()))
      .pipe(ignoreElements())
      .subscribe(this.#closed);
  }

  #opened(name: string): Observable<Topic> {
    return new Observable((out) => {
      let topic: Topic | undefined;
      const opening = this.#serial.run(() => {
        const stored = this.#storedAs(name);
        topic = new Topic(stored, this.#options);
        this.#topics.add(topic);
        const partitions = new Set([...stored.partitions, ...(stored.remembered?.partitions ?? [])]);
        return concat(topic.open([...partitions]), of(topic));
      });
      listen(opening, out, { next: (opened) => out.next(opened), complete() {} });
      // What is under way is closed as well, behind what opens it.
      out.add(() => void this.#serial.run(() => this.#close(name, topic)).subscribe({ error() {} }));
    });
  }

  #storedAs(name: string): StoredTopic {
    const known = this.#stored.get(name);
    if (known !== undefined) return known;
    const made = { name, number: this.#next, partitions: [], remembered: undefined };
    this.#next += 1;
    this.#stored.set(name, made);
    return made;
  }

  #close(name: string, topic: Topic | undefined): Observable<void> {
    if (topic === undefined) return EMPTY;
    this.#topics.delete(topic);
    const { remembered, partitions } = topic;
    const stored = this.#stored.get(name);
    if (stored !== undefined) this.#stored.set(name, { ...stored, remembered, partitions: [...partitions.keys()] });
    return topic.close();
  }
}

const HIGHEST = 100_000;
