import { EventEncoder } from '../../../src/protocol/event-encoder.ts';
import { events, SseBody, type SseEvents } from '../../../src/protocol/sse-events.ts';

const encoder = new EventEncoder();
const text = (run: SseEvents): string => Buffer.from(run.bytes).toString();
const before = Buffer.from('id:t.0:');

describe('an encoder of events', () => {
  it.each([0n, 9n, 10n, 999n, 1_000n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n])('should write %d as it is', (number) => {
    encoder.begin();
    encoder.id(before, number, '/tag');
    encoder.body(Buffer.from('x'));
    expect(text(encoder.finish().payload)).toBe(`id:t.0:${number}/tag\ndata:x\n\n`);
  });

  it.each(['', 'one line', ' a\n b\r\nc\rd\n', 'x'.repeat(1_000), `${'é\n'.repeat(1_000)}`, 'y'.repeat(1_000_000)])(
    'should write what an event of the same data is, however long: %#',
    (data) => {
      encoder.begin();
      encoder.id(before, 1n, '');
      encoder.body(Buffer.from(data), 'delete');
      encoder.body(Buffer.from(data));
      const { payload, reserved } = encoder.finish();
      const body = (type?: string): SseBody => new SseBody(Buffer.from(data), type);
      const expected = events([{ id: 't.0:1', body: body('delete') }, { body: body() }]);
      expect(text(payload) === text(expected.payload)).toBe(true);
      expect([payload.length, reserved]).toEqual([2, expected.reserved]);
    },
  );

  it('should begin anew whatever it was left with, and keep nothing that it gave away', () => {
    encoder.begin();
    encoder.id(before, 1n, '');
    encoder.begin();
    encoder.body(Buffer.from('a'.repeat(300_000)));
    const large = encoder.finish().payload;
    encoder.begin();
    encoder.body(Buffer.from('b'));
    expect(text(encoder.finish().payload)).toBe('data:b\n\n');
    expect(text(large) === `data:${'a'.repeat(300_000)}\n\n`).toBe(true);
  });
});
