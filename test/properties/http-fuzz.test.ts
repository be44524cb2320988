import { guardFuzz } from './guard-fuzz.ts';
import { comings, fuzz } from './http-fuzz.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

describe(`malformed requests (SEED=${seed})`, () => {
  it('leave the process serving, and no stream behind', async () => {
    const { statuses, ...rest } = await fuzz(10_000, seed);

    expect({ seed, ...rest }).toEqual({ seed, mistakes: [], open: 0, after: ['well', 'well'] });
    for (const status of ['200', '400', '408', '413', '431', 'h2']) expect(statuses[status]).toBeGreaterThan(0);
  }, 120_000);
});

describe(`tokens of all kinds, whole and malformed (SEED=${seed})`, () => {
  it('get the right status for each route, and are never shown', async () => {
    const { statuses, ...rest } = await guardFuzz(2_000, seed);

    expect({ seed, ...rest }).toEqual({ seed, mistakes: [], shown: [], after: '200' });
    for (const status of ['200', '401', '403']) expect(statuses[status]).toBeGreaterThan(0);
  }, 120_000);
});

describe(`clients that listen, come and leave at random (SEED=${seed})`, () => {
  it('leave no stream behind, and are sent all that they stayed for', async () => {
    const { opened, ...rest } = await comings(1_000, seed);

    expect({ seed, ...rest }).toEqual({ seed, open: 0, mistakes: [] });
    expect(opened).toBeGreaterThan(500);
  }, 60_000);
});
