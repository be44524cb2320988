// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of a config
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { jsonSchema, type Problem } from '../../graphs/index.ts';
import { problemsOf } from './broken.ts';
import { exampleEnv } from './env.ts';
import { mutate, random } from './mutate.ts';

const accepts = new Ajv({ allowUnionTypes: true, strict: false }).compile(jsonSchema());
const graphs = join(__dirname, '../../graphs');
const broken = join(__dirname, 'broken');
const env = { ...exampleEnv, PORT: '7114', WORD: 'word' };

/** What the compiler refuses for its shape alone, without looking at what names stand for. */
const ofShape = ({ severity, code, text }: Problem): boolean =>
  severity === 'error' &&
  !text.includes('${{') &&
  /^CONFIG_(UNKNOWN_KEY|MISSING|TYPE|VALUE|UNKNOWN_TYPE|UNKNOWN_KIND|UNSUPPORTED)$/.test(code);
const isReadable = ({ code }: Problem): boolean => !/^CONFIG_(SYNTAX|DUPLICATE_KEY|KEY_FORBIDDEN)$/.test(code);

describe('the published schema', () => {
  it('accepts the example graphs', () => {
    for (const file of readdirSync(graphs).filter((name) => name.endsWith('.yaml'))) {
      expect([file, accepts(parse(readFileSync(join(graphs, file), 'utf8')))]).toEqual([file, true]);
    }
  });

  it('accepts an expression wherever a value may be one', () => {
    const config = {
      name: 'x',
      bindings: { in: { type: 'tls', kind: 'client', exit: 'y', options: { trustcacerts: '${{env.X}}' } } },
    };
    expect(accepts(config)).toBe(true);
    expect(accepts({ ...config, bindings: { in: { ...config.bindings.in, options: { trustcacerts: 'x' } } } })).toBe(
      false,
    );
  });

  it.each(readdirSync(broken))('says of %s what the compiler says of its shape', (file) => {
    const text = readFileSync(join(broken, file), 'utf8');
    const problems = problemsOf(text, env, file);
    if (!problems.every(isReadable)) return;
    expect(accepts(parse(text))).toBe(!problems.some(ofShape));
  });

  const seed = Number(process.env.SEED ?? 3);
  it(`says of spoilt examples what the compiler says of their shape (SEED=${seed})`, () => {
    const next = random(seed);
    const examples = readdirSync(graphs).filter((name) => name.endsWith('.yaml'));
    for (let round = 0; round < 500; round += 1) {
      const { how, text } = mutate(
        readFileSync(join(graphs, examples[round % examples.length] as string), 'utf8'),
        next,
      );
      const problems = problemsOf(text, env);
      if (!problems.every(isReadable)) continue;
      expect([how, accepts(parse(text))]).toEqual([how, !problems.some(ofShape)]);
    }
  });
});
