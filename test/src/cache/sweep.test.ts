import { lastValueFrom, tap } from 'rxjs';
import { metasOf } from '../../../src/cache/keys.ts';
import { openLevel } from '../../../src/cache/level.ts';
import { openCache } from '../../../src/cache/open-cache.ts';
import type { Store } from '../../../src/cache/store.ts';
import { batch } from './batches.ts';
import { begin, directories, done, held, open } from './open.ts';

const directory = directories();
const large = 'v'.repeat(600_000);

/** A topic that nobody has open, with three rows of records that are old. */
async function left(configs: Readonly<Record<string, string>>): Promise<string> {
  const at = directory();
  const { log, close } = await open(at, { configs });
  await begin(log, 0n, 3n);
  for (const offset of [0n, 1n, 2n]) await done(log.append([batch(offset, [['k', large]])]));
  await close();
  return at;
}

/** How many rows are left in the end. */
async function rowsLeft(at: string, least: number): Promise<number> {
  let store: Store | undefined;
  const caches = openCache(at, {
    kind: 'cache',
    upkeepInterval: 1,
    open: (path) => openLevel(path, { isSynced: false }).pipe(tap((opened) => (store = opened))),
  });
  const [cache, closed] = await held(caches);
  const place = { topic: 1, partition: 0, generation: 0 };
  const rows = async (): Promise<number> => (await lastValueFrom((store as Store).list(metasOf(place), 9))).length;
  for (let looks = 0; looks < 200 && (await rows()) > least; looks += 1)
    await new Promise((next) => setTimeout(next, 5));
  const found = await rows();
  closed.unsubscribe();
  await done(cache.closed);
  return found;
}

describe('a topic that nobody has open', () => {
  it('should lose what is past its retention, but for its last row', async () => {
    expect(await rowsLeft(await left({ 'retention.ms': '1000' }), 1)).toBe(1);
  });

  it('should be left alone where nothing of it is deleted', async () => {
    const at = await left({ 'cleanup.policy': 'compact', 'retention.ms': '1000', 'min.cleanable.dirty.ratio': '1' });
    expect(await rowsLeft(at, 2)).toBe(3);
  });
});
