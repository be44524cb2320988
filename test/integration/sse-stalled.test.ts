import { Listeners } from '../bench/listeners.ts';
import { sseStalled } from '../bench/sse-stalled.ts';

describe('clients of which some do not read', () => {
  it('should all get every record once, in order', async () => {
    const listeners = new Listeners();
    const sizes = { reading: 4, stalled: 4, rounds: 3, records: 40, size: 10_000 };
    const { mistakes, beside } = await sseStalled({ listeners, ...sizes });
    listeners.close();
    expect(mistakes).toEqual([]);
    expect(beside).toBeGreaterThan(0);
  });
});
