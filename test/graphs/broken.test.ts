import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { render } from '../../graphs/index.ts';
import { inALine, problemsOf } from './broken.ts';

/** Each file begins with a `#!` line for every problem that it must give, and no other. */
const folder = join(__dirname, 'broken');
const env = { PORT: '7114', WORD: 'a-secret' };

describe('a broken config', () => {
  const files = readdirSync(folder);

  it('comes in more than forty ways', () => expect(files.length).toBeGreaterThan(40));

  it.each(files)('%s is told line, column, code and suggestion', (file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const expected = text
      .split('\n')
      .filter((line) => line.startsWith('#! '))
      .map((line) => line.slice(3));
    const problems = problemsOf(text, env, file);
    expect(problems.map(inALine)).toEqual(expected);
    for (const problem of problems) {
      expect(problem.file).toBe(file);
      expect(problem.source).toBe(text.split('\n')[problem.line - 1]);
      expect(problem.source.slice(problem.column - 1)).toContain(problem.text);
      expect(render(problem)).not.toContain('a-secret');
    }
  });

  it('is shown with its line and a caret', () => {
    const text = readFileSync(join(folder, 'exit-misspelled.yaml.txt'), 'utf8');
    const [problem] = problemsOf(text, {}, 'gateway.yaml');
    expect(problem && render(problem)).toBe(
      [
        'gateway.yaml:9:11 error CONFIG_UNKNOWN_EXIT: no binding is named `outt`',
        '  9 |     exit: outt',
        '    |           ^^^^',
        '    did you mean `out`?',
      ].join('\n'),
    );
  });
});
