import { fuzz } from './http-fuzz.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

describe(`malformed requests (SEED=${seed})`, () => {
  it('leave the process serving, and no stream behind', async () => {
    const { statuses, ...rest } = await fuzz(10_000, seed);

    expect({ seed, ...rest }).toEqual({ seed, mistakes: [], open: 0, after: ['well', 'well'] });
    for (const status of ['200', '400', '408', '413', '431', 'h2']) expect(statuses[status]).toBeGreaterThan(0);
  }, 120_000);
});
