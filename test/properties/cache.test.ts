import fc from 'fast-check';
import { cacheLaws } from './cache-laws.ts';
import { CacheModel, HOUR } from './cache-model.ts';

describe('the cache', () => {
  cacheLaws({ test: it, fc });

  it('log: tells of a tombstone that went where it tells of retention', () => {
    const model = new CacheModel();
    model.append([['a', '1']], true);
    model.append([['b', '1']], true);
    model.read(false);
    const [reader] = model.readers;
    model.proceed(reader!, 1);
    model.append([['a', null]], true);
    model.clean();
    model.trim(2);
    model.clock.advance(HOUR);
    model.clean();
    model.proceed(reader!, Number.POSITIVE_INFINITY);
    expect(reader!.gaps).toMatchObject([{ from: 1n, to: 3n, reason: 'retention' }]);
    expect(model.broken).toEqual([]);
  });
});
