import * as fc from 'fast-check';
import type { Data } from '../../../src/frame.ts';
import { cut } from '../../../src/payload.ts';
import type { Fragment } from '../../../src/protocol/kafka.ts';
import { fragment } from '../../../src/protocol/kafka-fragment.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const headers = [
  { name: 'é', value: bytes('12') },
  { name: 'n', value: null },
];

/** Sends a fragment on these balances, each of which is used up before the next; answers what was sent. */
function sendOn(balances: Iterable<number>, whole: Data<Fragment>): Data<Fragment>[] {
  const sent: Data<Fragment>[] = [];
  let rest: Data<Fragment> | undefined = whole;
  for (const balance of balances) {
    if (rest === undefined) break;
    const parts: ReturnType<typeof cut<Fragment>> = cut(rest, balance);
    sent.push(parts?.[0] ?? rest);
    rest = parts?.[1];
  }
  return sent;
}

describe('a fragment', () => {
  it('costs its bytes, with those of key and headers on the first, and never nothing', () => {
    expect(fragment(bytes('value'), true).reserved).toBe(5);
    expect(fragment(bytes('value'), true, { key: bytes('k'), headers }).reserved).toBe(5 + 1 + 4 + 1);
    expect(fragment(bytes(''), true).reserved).toBe(1);
    expect(fragment(bytes(''), true, { key: null, headers: [] }).reserved).toBe(1);
  });

  it('is cut to the byte, what the record is on its first part and its end on the last', () => {
    const opens = { key: bytes('key'), headers: [] };
    const parts = sendOn([5, 4, 100], fragment(bytes('0123456789'), true, opens));
    expect(
      parts.map(({ payload, reserved }) => [Buffer.from(payload.body).toString(), payload.last, reserved]),
    ).toEqual([
      ['01', false, 5],
      ['2345', false, 4],
      ['6789', true, 4],
    ]);
    expect(parts.map(({ payload }) => payload.opens)).toEqual([opens, undefined, undefined]);
  });

  it('goes on without its body where what the record is uses the balance up', () => {
    const parts = sendOn([2, 100], fragment(bytes('value'), true, { key: bytes('long key'), headers: [] }));
    expect(parts.map(({ payload, reserved }) => [payload.body.length, payload.last, reserved])).toEqual([
      [0, false, 8],
      [5, true, 5],
    ]);
  });

  it('costs and carries the same however it is cut, and a part that overdraws is never cut further', () => {
    const balances = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 200, maxLength: 200 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ maxLength: 30 }), balances, (body, key, each) => {
        const whole = fragment(body, true, { key, headers });
        const parts = sendOn(each, whole);
        const joined = Buffer.concat(parts.map(({ payload }) => payload.body));
        expect(joined.equals(Buffer.from(body))).toBe(true);
        expect(parts.reduce((sum, { reserved }) => sum + reserved, 0)).toBe(whole.reserved);
        expect(parts.map(({ payload }) => payload.last)).toEqual(parts.map((_, index) => index === parts.length - 1));
        parts.forEach((part, index) => {
          if (part.reserved > (each[index] ?? 0)) expect(cut(part, each[index] ?? 0)).toBeUndefined();
        });
      }),
    );
  });

  it('keeps a copy of a small part of a large buffer', () => {
    const large = new Uint8Array(10_000);
    const small = fragment(large.subarray(0, 10), false).payload;
    expect(small.detach().body.buffer.byteLength).toBe(10);
    const whole = fragment(large, false).payload;
    expect(whole.detach()).toBe(whole);
  });
});
