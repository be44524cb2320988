import { join } from '../../../operators/sse/join.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('pieces that are sent together', () => {
  it('are copied once for all who are sent the same', () => {
    const [a, b, c] = [bytes('a'), bytes('b'), bytes('c')];
    const joined = join([a, b]);
    expect(`${joined}`).toBe('ab');
    expect(join([a, b])).toBe(joined);
    expect(`${join([a, b, c])}`).toBe('abc');
    expect(`${join([a, c])}`).toBe('ac');
    expect(`${join([b, a])}`).toBe('ba');
  });

  it('are told apart by what they are, not by what they say', () => {
    const [a, b] = [bytes('a'), bytes('b')];
    const joined = join([a, b]);
    expect(join([a, bytes('b')])).not.toBe(joined);
  });
});
