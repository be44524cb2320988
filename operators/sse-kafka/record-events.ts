import type { Data } from '../../src/frame.ts';
import { EventEncoder } from '../../src/protocol/event-encoder.ts';
import type { KafkaRecord } from '../../src/protocol/kafka.ts';
import type { SseEvents } from '../../src/protocol/sse-events.ts';
import type { Run } from '../../src/run.ts';
import { MOST_DIGITS, MOST_ID_BYTES } from './event-ids.ts';

/** What the id of an event has: how far its client is with the tag of the record, or the key of the record before that. */
export type EventIdForm = typeof TAGGED | typeof KEYED;

// biome-ignore lint/suspicious/noTemplateCurlyInString: this is how the format writes it
const TAGGED = '${etag}';
// biome-ignore lint/suspicious/noTemplateCurlyInString: this is how the format writes it
const KEYED = '["${base64(key)}","${etag}"]';

/** How many bytes of events are remembered at least, and twice that at most. */
const REMEMBERED = 4 * 1024 * 1024;

/** What was made of the first records of a run. */
interface Encoded {
  readonly topic: string;
  readonly prefix: string | undefined;
  readonly run: Run<KafkaRecord>;
  readonly frame: Data<SseEvents>;
}

/** By the place of the bytes of its first record. */
type Places = WeakMap<ArrayBufferLike, Map<number, Encoded>>;

/** Makes records events: a run of them once for all clients that are as far and have the same filter. */
export class RecordEvents {
  readonly #isKeyed: boolean;
  readonly #encoder = new EventEncoder();
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
    const { value, key } = run.at(0);
    const place = value !== null && value.byteLength > 0 ? value : key;
    if (place === null || place.byteLength === 0) return this.#encode(run, prefix, balance);
    const { buffer, byteOffset } = place;
    const known = this.#places.get(buffer)?.get(byteOffset) ?? this.#former.get(buffer)?.get(byteOffset);
    if (known?.topic === topic && known.prefix === prefix && goes(known.frame, run.length, balance)) {
      if (isSame(known.run, run, known.frame.payload.length)) return known.frame;
    }
    const frame = this.#encode(run, prefix, balance);
    this.#remember(buffer, byteOffset, { topic, prefix, run, frame });
    return frame;
  }

  #encode(run: Run<KafkaRecord>, prefix: string | undefined, balance: number): Data<SseEvents> {
    const encoder = this.#encoder;
    const before = Buffer.from(`id:${prefix}`);
    const room = MOST_ID_BYTES - MOST_DIGITS - (prefix?.length ?? 0);
    encoder.begin();
    while (encoder.length < run.length && encoder.size < balance) {
      const { offset, key, value, headers } = run.at(encoder.length);
      if (prefix !== undefined) {
        const tag = headers.length === 0 ? undefined : headers.find(({ name }) => name === 'etag')?.value;
        const behind = tag ? tagged(tag, room) : '';
        if (this.#isKeyed)
          encoder.id(Buffer.from(`id:[${quoted(key, room - behind.length)},"${prefix}`), offset + 1n, `${behind}"]`);
        else encoder.id(before, offset + 1n, behind);
      }
      if (value === null) encoder.body(Buffer.from(base64(key)), 'delete');
      else encoder.body(value);
    }
    return encoder.finish();
  }

  #remember(buffer: ArrayBufferLike, at: number, encoded: Encoded): void {
    this.#size += encoded.frame.reserved;
    if (this.#size > REMEMBERED) {
      this.#former = this.#places;
      this.#places = new WeakMap();
      this.#size = encoded.frame.reserved;
    }
    const places = this.#places.get(buffer);
    if (places === undefined) this.#places.set(buffer, new Map([[at, encoded]]));
    else places.set(at, encoded);
  }
}

/** Whether what was encoded is as far as a balance goes, of so many records. */
const goes = ({ payload, reserved }: Data<SseEvents>, records: number, balance: number): boolean =>
  reserved - payload.cost(payload.length - 1) < balance && (payload.length === records || reserved >= balance);

/** Whether two runs of one batch have the same first records. */
function isSame(a: Run<KafkaRecord>, b: Run<KafkaRecord>, length: number): boolean {
  if (a === b) return true;
  if (a.at(0).partition !== b.at(0).partition) return false;
  for (let index = 0; index < length; index += 1) if (a.at(index).offset !== b.at(index).offset) return false;
  return true;
}

/** As RFC 4648 has it for URLs, with padding; nothing for no key. */
const base64 = (key: Uint8Array | null): string =>
  key === null ? '' : Buffer.from(key).toString('base64').replaceAll('+', '-').replaceAll('/', '_');

/** A key is left out for which an id has no room: that many bytes, with what stands around the two. */
const quoted = (key: Uint8Array | null, room: number): string =>
  key === null || Math.ceil(key.byteLength / 3) * 4 + '["",""]'.length > room ? 'null' : `"${base64(key)}"`;

/** A tag is left out that would break the line, or an id in quotes, or for which that has no room beside no key. */
function tagged(tag: Uint8Array, room: number): string {
  if (tag.byteLength + '[null,"/"]'.length > room) return '';
  const text = Buffer.from(tag).toString('latin1');
  return /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(text) ? `/${text}` : '';
}
