import type { Data } from '../../src/frame.ts';
import type { KafkaRecord } from '../../src/protocol/kafka.ts';
import { events, SseBody, type SseEvents } from '../../src/protocol/sse-events.ts';
import type { Run } from '../../src/run.ts';
import { MOST_ID_BYTES } from './event-ids.ts';

/** What the id of an event has: how far its client is with the tag of the record, or the key of the record before that. */
export type EventIdForm = typeof TAGGED | typeof KEYED;

// biome-ignore lint/suspicious/noTemplateCurlyInString: this is how the format writes it
const TAGGED = '${etag}';
// biome-ignore lint/suspicious/noTemplateCurlyInString: this is how the format writes it
const KEYED = '["${base64(key)}","${etag}"]';

/** How many bytes of bodies are remembered at least, and twice that at most. */
const REMEMBERED = 4 * 1024 * 1024;

/** A record as an event, but for how far its client is. */
interface RecordEvent {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly body: SseBody;
  /** What the id has before how far the client is, and behind that the next offset and the rest. */
  readonly before: string;
  readonly behind: string;
}

/** The events of a run that were encoded last. */
interface Encoded {
  readonly prefix: string | undefined;
  readonly list: readonly RecordEvent[];
  readonly frame: Data<SseEvents>;
}

/** Records by the place of their bytes. */
type Places = WeakMap<ArrayBufferLike, Map<number, RecordEvent>>;

/**
 * Makes records events: each is encoded once, as long as it is remembered, however many clients are sent it; and a run of
 * them once for all clients that are as far.
 */
export class RecordEvents {
  readonly #isKeyed: boolean;
  readonly #encoded = new WeakMap<RecordEvent, Encoded>();
  #places: Places = new WeakMap();
  #former: Places = new WeakMap();
  #size = 0;

  constructor(form: EventIdForm = TAGGED) {
    this.#isKeyed = form === KEYED;
  }

  /**
   * The first records of a run, as far as a balance goes. It may overdraw it by less than its last.
   *
   * @param prefix what tells how far a client is, but for the next offset; without it, events have no id
   */
  of(topic: string, run: Run<KafkaRecord>, prefix: string | undefined, balance: number): Data<SseEvents> {
    const list: RecordEvent[] = [];
    for (let size = 0; list.length < run.length && size < balance; ) {
      const event = this.#event(topic, run.at(list.length));
      list.push(event);
      size += event.body.lines.byteLength;
      if (prefix !== undefined) size += ID_LINE + event.before.length + prefix.length + event.behind.length;
    }
    const first = list[0] as RecordEvent;
    const known = this.#encoded.get(first);
    if (known !== undefined && known.prefix === prefix && isSame(known.list, list)) return known.frame;
    const frame = events(
      list.map(({ body, before, behind }) =>
        prefix === undefined ? { body } : { id: `${before}${prefix}${behind}`, body },
      ),
    );
    this.#encoded.set(first, { prefix, list, frame });
    return frame;
  }

  #event(topic: string, record: KafkaRecord): RecordEvent {
    const { partition, offset, value, key } = record;
    const place = value !== null && value.byteLength > 0 ? value : key;
    if (place === null || place.byteLength === 0) return this.#make(topic, record);
    const { buffer, byteOffset } = place;
    const known = this.#places.get(buffer)?.get(byteOffset) ?? this.#former.get(buffer)?.get(byteOffset);
    // Whoever makes records of its own may make several of the same bytes.
    if (known?.offset === offset && known.partition === partition && known.topic === topic) return known;
    const made = this.#make(topic, record);
    this.#remember(buffer, byteOffset, made);
    return made;
  }

  #remember(buffer: ArrayBufferLike, at: number, event: RecordEvent): void {
    this.#size += event.body.lines.byteLength;
    if (this.#size > REMEMBERED) {
      this.#former = this.#places;
      this.#places = new WeakMap();
      this.#size = event.body.lines.byteLength;
    }
    const places = this.#places.get(buffer);
    if (places === undefined) this.#places.set(buffer, new Map([[at, event]]));
    else places.set(at, event);
  }

  #make(topic: string, { partition, offset, key, value, headers }: KafkaRecord): RecordEvent {
    const body = value === null ? new SseBody(Buffer.from(base64(key)), 'delete') : new SseBody(value);
    const before = this.#isKeyed ? `[${quoted(key)},"` : '';
    const tag = headers.find(({ name }) => name === 'etag')?.value ?? undefined;
    const behind = `${offset + 1n}${tag === undefined ? '' : tagged(tag)}${this.#isKeyed ? '"]' : ''}`;
    return { topic, partition, offset, body, before, behind };
  }
}

/** `id:` and the end of the line. */
const ID_LINE = 4;

const isSame = (a: readonly RecordEvent[], b: readonly RecordEvent[]): boolean =>
  a.length === b.length && a.every((event, index) => event === b[index]);

/** As RFC 4648 has it for URLs, with padding; nothing for no key. */
const base64 = (key: Uint8Array | null): string =>
  key === null ? '' : Buffer.from(key).toString('base64').replaceAll('+', '-').replaceAll('/', '_');

/** A key that would make an id longer than clients may send is left out. */
const quoted = (key: Uint8Array | null): string =>
  key === null || key.byteLength * 2 > MOST_ID_BYTES / 2 ? 'null' : `"${base64(key)}"`;

/** A tag that would break the line, or an id in quotes, or would make it longer than clients may send, is left out. */
function tagged(tag: Uint8Array): string {
  const text = Buffer.from(tag).toString('latin1');
  return /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(text) ? `/${text}` : '';
}
