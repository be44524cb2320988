import fc from 'fast-check';
import { MOST_DIGITS, MOST_ID_BYTES, MOST_PROGRESS_BYTES, resumeOf } from '../../../operators/sse-kafka/event-ids.ts';
import { RecordEvents } from '../../../operators/sse-kafka/record-events.ts';
import type { KafkaRecord } from '../../../src/protocol/kafka.ts';
import { ArrayRun } from '../../../src/run.ts';

const LOTS = 1_000_000;

const run = new ArrayRun<KafkaRecord>(
  ['zero', 'one', 'two', 'three'].map((value, offset) => ({
    partition: 0,
    offset: BigInt(offset),
    timestamp: 0n,
    key: Buffer.from('k'),
    value: Buffer.from(value),
    headers: [],
    aborted: false,
  })),
);

describe('records as events', () => {
  it('should be encoded once for all that have the same records and the same id before them', () => {
    const events = new RecordEvents();
    const first = events.of('topic', run.pick([0, 1, 3]), 'id.0:', LOTS);
    expect(events.of('topic', run.pick([0, 1, 3]), 'id.0:', LOTS)).toBe(first);
    expect(Buffer.from(first.payload.bytes).toString()).toBe(
      'id:id.0:1\ndata:zero\n\nid:id.0:2\ndata:one\n\nid:id.0:4\ndata:three\n\n',
    );
  });

  it('should not be taken for others that begin and end alike', () => {
    const events = new RecordEvents();
    const first = events.of('topic', run.pick([0, 1, 3]), 'id.0:', LOTS);
    const others = [
      events.of('topic', run.pick([0, 2, 3]), 'id.0:', LOTS),
      events.of('other', run.pick([0, 2, 3]), 'id.0:', LOTS),
      events.of('other', run.pick([0, 2, 3]), 'id.1:0.0:', LOTS),
      events.of('other', run.pick([0, 2, 3]), undefined, LOTS),
    ];
    expect(new Set([first, ...others]).size).toBe(5);
    expect(Buffer.from(others[0]?.payload.bytes ?? []).toString()).toContain('data:two');
  });

  it('should go as far as each balance does', () => {
    const events = new RecordEvents();
    const of = (balance: number): number => events.of('topic', run, 'id.0:', balance).payload.length;
    const size = 'id:id.0:1\ndata:zero\n\n'.length;
    expect([1, size, size + 1, LOTS, size, LOTS].map(of)).toEqual([1, 1, 2, 4, 1, 4]);
  });

  it('should have ids that clients may send back, whatever keys, tags and partitions there are', () => {
    const inId = fc.record({
      isKeyed: fc.boolean(),
      size: fc.oneof(
        fc.nat(MOST_PROGRESS_BYTES),
        fc.integer({ min: MOST_PROGRESS_BYTES - 400, max: MOST_PROGRESS_BYTES }),
      ),
      key: fc.option(fc.nat(10_000)),
      tag: fc.option(fc.nat(300)),
      offset: fc.bigInt({ min: 0n, max: 2n ** 63n - 2n }),
    });
    fc.assert(
      fc.property(inId, ({ isKeyed, size, key, tag, offset }) => {
        // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how the format writes it
        const events = new RecordEvents(isKeyed ? '["${base64(key)}","${etag}"]' : undefined);
        const prefix = `${'t'.repeat(Math.max(0, size - MOST_DIGITS - 3))}.7:`;
        const record: KafkaRecord = {
          ...run.at(0),
          offset,
          key: key === null ? null : Buffer.alloc(key, 'k'),
          headers: tag === null ? [] : [{ name: 'etag', value: Buffer.alloc(tag, 'e') }],
        };
        const { id = '' } = events.of('topic', new ArrayRun([record]), prefix, LOTS).payload.at(0);

        expect(id.length).toBeLessThanOrEqual(MOST_ID_BYTES);
        expect(resumeOf(id)?.offsets.get(7)).toBe(offset + 1n);
        const asFarAs = `${prefix}${offset + 1n}`.length;
        const longest = asFarAs + (tag ?? 0) + Math.ceil((key ?? 0) / 3) * 4;
        if (key !== null && isKeyed && longest < MOST_ID_BYTES - 50)
          expect(id).toContain(`["${'a2tr'.repeat(key / 3)}`);
      }),
    );
  });
});
