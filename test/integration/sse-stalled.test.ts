import { Listeners } from '../bench/listeners.ts';
import { sseStalled } from '../bench/sse-stalled.ts';

describe('clients of which some do not read', () => {
  it('should all get every record once, in order', async () => {
    const [reading, stalled] = [new Listeners(), new Listeners()];
    const { mistakes, beside } = await sseStalled({
      reading: { listeners: reading, clients: 4 },
      stalled: { listeners: stalled, clients: 4 },
      fill: { records: 128, size: 8 * 1024 },
      rounds: 3,
      records: 40,
    });
    reading.close();
    stalled.close();
    expect(mistakes).toEqual([]);
    expect(beside).toBeGreaterThan(0);
  });
});
