import { progressOf } from './event-id.ts';

/**
 * Where one consumer stands in its topic, by the ids of the events that it was sent: how many they were, and how many
 * offsets it was not sent or was sent twice.
 */
export class Reading {
  /** How many records came. */
  sent = 0;
  /** How many offsets lay between those that came: on a compacted topic they were superseded, on any other they are missing. */
  passedOver = 0;
  /** How many came again. */
  repeated = 0;
  #topicId: string | undefined;
  readonly #next = new Map<number, number>();

  /** How many records had been written, since the topic was made, when the last of those that came was. */
  get position(): number {
    let sum = 0;
    for (const offset of this.#next.values()) sum += offset;
    return sum;
  }

  /** Begins anew: where it stood means nothing for what comes. */
  forget(): void {
    this.#next.clear();
  }

  /**
   * Takes the id of a record's event in. Answers the record's place in the topic, or nothing if it came before.
   *
   * @throws Error if it is not the id of an event
   */
  record(id: string): string | undefined {
    const progress = progressOf(id);
    if (progress === undefined) throw new Error(`not the id of an event: ${id}`);
    const { topicId, offsets, partition } = progress;
    if (topicId !== this.#topicId) this.forget();
    this.#topicId = topicId;
    const next = offsets.get(partition) as number;
    const expected = this.#next.get(partition) ?? next - 1;
    if (next <= expected) {
      this.repeated += 1;
      return undefined;
    }
    this.sent += 1;
    this.passedOver += next - 1 - expected;
    for (const [other, offset] of offsets) if (!this.#next.has(other)) this.#next.set(other, offset);
    this.#next.set(partition, next);
    return `${partition}:${next - 1}`;
  }
}
