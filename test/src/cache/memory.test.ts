import { Memory } from '../../../src/cache/memory.ts';
import { Segment } from '../../../src/cache/segment.ts';

describe('memory', () => {
  const segment = (): Segment => Segment.of(0, 0n, 1n, [], 'orders/0');
  const size = segment().bytes;

  /** Memory for so many segments, and which of those it was given it has let go of. */
  function memoryFor(segments: number) {
    const memory = new Memory(segments * size);
    const gone: string[] = [];
    const hold = (name: string): Segment => {
      const held = segment();
      memory.hold(held, () => gone.push(name));
      return held;
    };
    return { memory, gone, hold };
  }

  it('should let go of the oldest where there is no room', () => {
    const { memory, gone, hold } = memoryFor(2);
    for (const name of ['a', 'b', 'c', 'd']) hold(name);
    expect(gone).toEqual(['a', 'b']);
    expect(memory.bytes).toBe(2 * size);
  });

  it('should spare what was read since it was held or spared', () => {
    const { gone, hold } = memoryFor(2);
    const read = hold('a');
    hold('b');
    read.isRead = true;
    hold('c');
    expect(gone).toEqual(['b']);
    hold('d');
    hold('e');
    expect(gone).toEqual(['b', 'c', 'a']);
  });

  it('should keep to its limit where all was read, and hold the one that came last', () => {
    const { memory, gone, hold } = memoryFor(2);
    for (const name of ['a', 'b', 'c', 'd']) hold(name).isRead = true;
    expect(memory.bytes).toBe(2 * size);
    expect(gone).toEqual(['a', 'b']);
    const small = new Memory(size / 2);
    small.hold(segment(), () => gone.push('the only one'));
    expect(small.bytes).toBe(size);
    expect(gone).not.toContain('the only one');
  });

  it('should not count what is released', () => {
    const { memory, gone, hold } = memoryFor(2);
    memory.release(hold('a'));
    hold('b');
    hold('c');
    expect(gone).toEqual([]);
    expect(memory.bytes).toBe(2 * size);
  });
});
