import { join } from 'node:path';
import { type Doing, doings, killings } from './killings.ts';
import { temporary } from './open.ts';

const root = temporary();

it.each(Object.keys(doings) as Doing[])(
  'should hold all that was done whenever it is killed, in the middle of %s, and go on from there',
  async (doing) => {
    expect(await killings({ directory: join(root, doing), doing, kills: 10, seed: 5 })).toEqual([]);
  },
  120_000,
);
