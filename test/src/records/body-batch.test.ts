import fc from 'fast-check';
import { NEVER } from 'rxjs';
import { BatchBuilder, renumber } from '../../../src/records/batch-builder.ts';
import { codecNamed } from '../../../src/records/codecs/index.ts';
import { FakeBody } from '../kafka/body.ts';

describe('a batch around a value that is not in memory', () => {
  it('should be the batch with that value in it, whatever numbers it is given', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    const numbers = fc.record({ id: fc.bigInt({ min: 0n, max: 1n << 60n }), epoch: fc.nat(9), baseSequence: fc.nat() });
    fc.assert(
      fc.property(bytes, bytes, bytes, numbers, (key, value, header, numbered) => {
        const batches = [value, new FakeBody(value)].map((one) => {
          const builder = new BatchBuilder(1_000);
          builder.add({ key, value: one, headers: [{ name: 'h', value: header }], timestamp: 7n });
          const { bytes, inserted } = builder.finish(codecNamed('none'));
          renumber(bytes, numbered, inserted);
          return { bytes: Buffer.from(bytes), inserted };
        });
        const [inMemory, around] = batches as [(typeof batches)[0], (typeof batches)[0]];
        const at = around.inserted?.at ?? -1;
        const joined = Buffer.concat([around.bytes.subarray(0, at), value, around.bytes.subarray(at)]);
        expect(joined.equals(inMemory.bytes)).toBe(true);
      }),
    );
  });

  it('should take no memory for the value', () => {
    const builder = new BatchBuilder(1_000, 1_000);
    const body = { length: 100_000_000, crc32c: 0, read: () => NEVER };
    builder.add({ key: null, value: body, headers: [], timestamp: 0n });
    expect(builder.finish(codecNamed('none')).bytes.buffer.byteLength).toBeLessThan(20_000);
  });
});
