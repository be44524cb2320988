import { type Data, data } from '../frame.ts';
import { detachBytes, type Parts } from '../payload.ts';
import type { Fragment, ProducedRecord } from './kafka.ts';

/**
 * A fragment of a record. It costs its bytes, and the first those of the key and the headers too: at least 1.
 *
 * @param opens what the record is, on its first fragment
 */
export const fragment = (body: Uint8Array, last: boolean, opens?: ProducedRecord): Data<Fragment> =>
  data(new Part(body, last, opens), Math.max(1, sizeOf(opens) + body.length));

const NOTHING = new Uint8Array(0);

class Part implements Fragment {
  readonly body: Uint8Array;
  readonly last: boolean;
  declare readonly opens?: ProducedRecord;

  constructor(body: Uint8Array, last: boolean, opens: ProducedRecord | undefined) {
    this.body = body;
    this.last = last;
    if (opens !== undefined) this.opens = opens;
  }

  /** What the record is stays whole: only a body is cut. */
  cut(balance: number): Parts<Fragment> | undefined {
    const fits = Math.max(0, balance - sizeOf(this.opens));
    if (fits >= this.body.length) return undefined;
    // A head that only overdraws has the record without any of its body; one without a record is never empty.
    const head = fits === 0 ? NOTHING : this.body.subarray(0, fits);
    return [fragment(head, false, this.opens), fragment(this.body.subarray(fits), this.last)];
  }

  detach(): Fragment {
    const body = detachBytes(this.body);
    return body === this.body ? this : new Part(body, this.last, this.opens);
  }
}

/** How many bytes of key and headers a fragment carries. */
export function sizeOf(opens: ProducedRecord | undefined): number {
  if (opens === undefined) return 0;
  const { key, headers } = opens;
  return headers.reduce(
    (size, { name, value }) => size + Buffer.byteLength(name) + (value?.length ?? 0),
    key?.length ?? 0,
  );
}
