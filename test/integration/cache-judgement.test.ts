import { describeKafka } from '../broker/use-kafka.ts';
import { judgement } from './judgement/judgement.ts';
import { snapshots } from './judgement/snapshots.ts';
import { Directories } from './pair.ts';

describeKafka('a cache pair, judged by what a witness reads of the topics', (kafka) => {
  const directories = new Directories();
  afterAll(() => directories.remove());

  it('should serve 50 readers, each as it asks, from 100,000 records written in every way', async () => {
    const { mistakes, ...figures } = await judgement({
      access: kafka.access,
      records: 100_000,
      readers: 50,
      name: 'judged',
      dir: directories.of('judgement'),
      // Most of it has to be read from the disk.
      memory: 1 << 20,
      patience: 60_000,
    });
    expect(mistakes).toEqual([]);
    expect(figures.held).toBeGreaterThan(100_000);
  });

  it('should give every key to a bounded read, warm and cold, while each is rewritten all the time', async () => {
    const { mistakes, written, left } = await snapshots({
      access: kafka.access,
      topic: 'judged-snapshots',
      keys: 600,
      reads: 4,
      dir: (name) => directories.of(name),
    });
    expect(mistakes).toEqual([]);
    // The broker's cleaner was at it.
    expect(left).toBeLessThan(written / 2);
  });
});
