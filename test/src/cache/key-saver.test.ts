import { join } from 'node:path';
import { firstValueFrom, tap } from 'rxjs';
import { snapshotsOf } from '../../../src/cache/keys.ts';
import { openLevel } from '../../../src/cache/level.ts';
import type { Store } from '../../../src/cache/store.ts';
import { batch } from './batches.ts';
import { begin, done, open, temporary } from './open.ts';

const root = temporary();
const value = 'x'.repeat(1 << 20);

it('should store the index of a log that is written without end, so that after a crash little of it is read again', async () => {
  let store: Store | undefined;
  const { log, close } = await open(join(root, 'log'), {
    isCompacted: true,
    open: (path) => openLevel(path, { isSynced: false }).pipe(tap((opened) => (store = opened))),
  });
  const stored = async (): Promise<number> => {
    const parts = await firstValueFrom(
      (store as Store).list(snapshotsOf({ topic: 1, partition: 0, generation: 0 }), 9),
    );
    return parts.length;
  };
  await begin(log, 0n, 100n);
  for (let offset = 0n; offset < 3n; offset += 1n) await done(log.append([batch(offset, [[`k${offset}`, value]])]));
  expect(await stored()).toBe(0);
  for (let offset = 3n; offset < 5n; offset += 1n) await done(log.append([batch(offset, [[`k${offset}`, value]])]));
  while ((await stored()) === 0) await new Promise(setImmediate);
  expect(await stored()).toBe(1);
  await close();
});
