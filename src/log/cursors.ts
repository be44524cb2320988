import type { SchedulerLike, Subscriber } from 'rxjs';
import { Deque } from '../deque.ts';
import { SluiceError } from '../errors.ts';
import { type Input, Rotation, type Seat } from '../flow/rotation.ts';
import type { Data, Flush } from '../frame.ts';
import { Patience } from '../patience.ts';
import type { Run } from '../run.ts';
import { Cursor } from './cursor.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Filtering } from './filtering.ts';
import type { From, KeyedRecord, LogIsolation, PartitionOffsets } from './log.ts';
import type { CursorMark, LogLane } from './log-lane.ts';

export interface CursorsOptions<R extends KeyedRecord> {
  /** What messages name. */
  readonly topic: string;
  readonly isolation: LogIsolation;
  /** As for a cursor. */
  readonly conflates: boolean;
  /** Whether it ends where its logs do once they are level. */
  readonly isBounded: boolean;
  /** How long a bounded read may take nothing, in milliseconds. */
  readonly snapshotTimeout: number;
  readonly scheduler: SchedulerLike;
  /** What the cursors live in: what one fails with is an error of it. */
  readonly life: Subscriber<never>;
  /** Whether the receiver takes more. */
  readonly hasCredit: () => boolean;
  /** Called when one of them has begun. */
  readonly begun: () => void;
  /** Called when there may be more to poll, and the receiver takes that. */
  readonly wake: () => void;
  readonly filtering: Filtering<R> | undefined;
}

/** The cursors of a stream, which take turns at the one balance of its receiver. */
export class Cursors<R extends KeyedRecord> {
  readonly #options: CursorsOptions<R>;
  readonly #rotation = new Rotation<LogLane<R>>();
  readonly #places = new Map<number, Place<R>>();
  /** Those that have looked at some records, and have still to find one that is sent. */
  readonly #looking = new Deque<Place<R>>();
  readonly #patience: Patience | undefined;
  #filtering: Filtering<R> | undefined;
  #isLevel = false;

  constructor(options: CursorsOptions<R>) {
    const { topic, isBounded, snapshotTimeout, scheduler, life, hasCredit, filtering } = options;
    this.#options = options;
    this.#filtering = filtering;
    life.add(() => this.#close());
    if (!isBounded) return;
    this.#patience = new Patience(
      snapshotTimeout,
      scheduler,
      () => !hasCredit(),
      () => life.error(new SluiceError('SNAPSHOT_EXPIRED', `${topic}: nothing was taken for ${snapshotTimeout} ms`)),
    );
  }

  /** Whether the one caught-up mark was sent: all that were there at `gathered` have reached their ends. */
  get isLevel(): boolean {
    return this.#isLevel;
  }

  /** Where each began that has, by partition. */
  get offsets(): PartitionOffsets[] {
    return [...this.#places.values()].flatMap(({ cursor }) => cursor?.offsets ?? []);
  }

  /** The id of the topic that they read, once one has begun; empty where it has none. */
  get topicId(): string {
    for (const { cursor } of this.#places.values()) if (cursor?.offsets !== undefined) return cursor.topicId;
    return '';
  }

  has(partition: number): boolean {
    return this.#places.has(partition);
  }

  hasBegun(partition: number): boolean {
    return this.#places.get(partition)?.cursor?.offsets !== undefined;
  }

  /** Takes a partition in whose log is still to come. */
  join(partition: number): void {
    const place = new Place<R>(this.#looking);
    this.#places.set(partition, place);
    place.seat = this.#rotation.join(place);
  }

  /** Reads a partition that has joined. */
  read(partition: number, dispatcher: Dispatcher<R>, from: From): void {
    const place = this.#places.get(partition);
    if (place === undefined) return;
    const { isolation, conflates, isBounded, scheduler, life, begun } = this.#options;
    let hasBegun = false;
    place.cursor = new Cursor(dispatcher, {
      from,
      until: isBounded ? 'latest' : undefined,
      isolation,
      conflates,
      filtering: this.#filtering,
      scheduler,
      life,
      changed: (cursor) => {
        place.cursor = cursor;
        this.#ready(place);
        if (hasBegun || cursor.offsets === undefined) return;
        hasBegun = true;
        begun();
      },
    });
  }

  /** Reads a partition no more. */
  leave(partition: number): void {
    const place = this.#places.get(partition);
    this.#places.delete(partition);
    place?.cursor?.close();
    if (place?.seat !== undefined) this.#rotation.leave(place.seat);
  }

  /** All the partitions there are at first have joined, and begun if they can: where they end by now, the stream does. */
  gathered(): void {
    for (const { cursor } of this.#places.values()) cursor?.gathered();
    this.#rotation.gathered();
  }

  /** Filters all that is not sent yet in another way. There may be more to poll then, of which nobody is told. */
  refilter(filtering: Filtering<R> | undefined): void {
    this.#filtering = filtering;
    for (const { cursor } of this.#places.values()) cursor?.refilter(filtering);
    for (const place of this.#places.values()) this.#list(place);
  }

  poll(balance: number): Data<Run<R>> | Flush<CursorMark> | undefined {
    const sent = this.#rotation.poll(balance);
    if (sent?.kind === 'data') this.#patience?.took();
    else if (sent?.ext.mark === 'caught-up') {
      this.#isLevel = true;
      this.#patience?.close();
    }
    return sent;
  }

  /** Lets one that has not found what to send look further; answers whether there was one. */
  look(): boolean {
    const place = this.#looking.shift();
    if (place === undefined) return false;
    this.#ready(place);
    return true;
  }

  #close(): void {
    this.#patience?.close();
    for (const { cursor } of this.#places.values()) cursor?.close();
  }

  #ready(place: Place<R>): void {
    if (this.#list(place) && (place.free || this.#options.hasCredit())) this.#options.wake();
  }

  /** Lets one take its turn that has something to poll; answers whether it has. */
  #list({ seat, empty }: Place<R>): boolean {
    if (seat === undefined || empty) return false;
    this.#rotation.ready(seat);
    return true;
  }
}

/** Where the cursor of a partition takes its turn, once there is one. */
class Place<R extends KeyedRecord> implements Input<LogLane<R>> {
  readonly #looking: Deque<Place<R>>;
  cursor: Cursor<R> | undefined;
  seat: Seat<LogLane<R>> | undefined;

  constructor(looking: Deque<Place<R>>) {
    this.#looking = looking;
  }

  get empty(): boolean {
    return this.cursor?.empty ?? true;
  }

  get free(): boolean {
    return this.cursor?.free ?? false;
  }

  poll(balance: number): Data<Run<R>> | Flush<CursorMark> | undefined {
    const sent = this.cursor?.poll(balance);
    if (sent === undefined && !this.empty) this.#looking.push(this);
    return sent;
  }
}
