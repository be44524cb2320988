import { batchesOf } from '../../../src/records/record-batch.ts';

/** Bytes whose first batch says that it has so many behind those that are not counted. */
function announcing(length: number): Uint8Array {
  const bytes = Buffer.alloc(100);
  bytes.writeInt32BE(length, 8);
  return bytes;
}

describe('the batches of a response', () => {
  it.each([-(2 ** 31), -13, -12, -1, 0, 4, 5, 48, 88, 89, 2 ** 31 - 1])('are refused, one of %i bytes', (length) => {
    expect(() => [...batchesOf(announcing(length), 't/0')]).toThrow(/^KAFKA_(RECORD_BATCH|MESSAGE_FORMAT): t\/0/);
  });
});
