import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { problemsOf } from './broken.ts';
import { exampleEnv as env } from './env.ts';
import { mutate, random } from './mutate.ts';

const folder = join(__dirname, '../../graphs');
const examples = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
const seed = Number(process.env.SEED ?? 20_261_123);

describe('the example graphs', () => {
  it.each(examples)('%s compiles without a warning', (file) => {
    expect(problemsOf(readFileSync(join(folder, file), 'utf8'), env)).toEqual([]);
  });

  it(`give an error at its line, or a graph, when any key is spoilt (SEED=${seed})`, () => {
    const next = random(seed);
    let refused = 0;
    for (let round = 0; round < 1000; round += 1) {
      const file = examples[round % examples.length] as string;
      const { how, text, lines } = mutate(readFileSync(join(folder, file), 'utf8'), next);
      const errors = problemsOf(text, env, file).filter(({ severity }) => severity === 'error');
      if (errors.length === 0) continue;
      refused += 1;
      const near = errors.some(({ line }) => lines.includes(line));
      expect({
        round,
        file,
        how,
        near,
        at: near ? [] : errors.map(({ line, message }) => `${line} ${message}`),
      }).toEqual({
        round,
        file,
        how,
        near: true,
        at: [],
      });
    }
    expect(refused).toBeGreaterThan(700);
  });
});
