import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { joinCrc32c } from '../../../src/records/crc32c.ts';

describe('the checksum of two parts', () => {
  it('should be that of the whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (first, second) => {
        const whole = crc32c(Buffer.concat([first, second]));
        expect(joinCrc32c(crc32c(first), crc32c(second), second.length)).toBe(whole);
      }),
    );
  });

  it('should be that of the whole where that is large', () => {
    const [first, second] = [Buffer.alloc(7, 'x'), Buffer.alloc(100_000_000, 'large')];
    expect(joinCrc32c(crc32c(first), crc32c(second), second.length)).toBe(crc32c(second, crc32c(first)));
  });
});
