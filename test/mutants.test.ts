import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './broker/root.ts';
import { mutants } from './mutants/mutants.ts';
import { specs } from './properties/specs.ts';

/** `npm run mutants` kills them; here it is seen early that each still is a change of a line that is there. */
it.each(mutants)('$file has, once, the line: $line', ({ file, line, becomes, specs: names }) => {
  const lines = readFileSync(join(packageRoot(), file), 'utf8').split('\n');
  expect(lines.filter((one) => one.trim() === line).length).toBe(1);
  expect(becomes).not.toBe(line);
  expect([...Object.keys(specs), 'cache', 'stage']).toEqual(expect.arrayContaining([...names]));
});
