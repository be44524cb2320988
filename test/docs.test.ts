import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformSync } from '@swc/core';
import { compile } from '../graphs/index.ts';
import { codes } from '../src/errors.ts';
import { packageRoot } from './broker/root.ts';
import { until } from './broker/until.ts';
import { type Block, blocks, pages } from './docs/blocks.ts';
import { typeErrors } from './docs/check-types.ts';
import { Certificates } from './src/net/certificates.ts';

/** What every environment variable of an example gives: it is a port and a password. */
const ANY = '7000';
const root = packageRoot();
const of = (...languages: string[]): Block[] => blocks.filter(({ language }) => languages.includes(language));
const named = (list: readonly Block[]): [string, Block][] =>
  list.map((block) => [`${block.page}:${block.line}`, block]);

/** Runs a block as a module, the tests that it registers included; answers what it logs. */
async function run({ text }: Block): Promise<string[]> {
  const { code } = transformSync(`export default (async () => {\n${hoisted(text)}\n})();`, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const logged: string[] = [];
  const tests: (() => unknown)[] = [];
  const log = (...values: unknown[]): void => void logged.push(values.join(' '));
  const register = (_: string, body: () => unknown): void => void tests.push(body);
  const module = { exports: {} as { default?: Promise<void> } };
  new Function('require', 'module', 'exports', 'console', 'test', 'it', 'describe', code)(
    require,
    module,
    module.exports,
    { ...console, log },
    register,
    register,
    (_: string, body: () => void) => body(),
  );
  await module.exports.default;
  for (const body of tests) await body();
  return logged;
}

/** Imports as expressions, so that they may stand inside a function. */
const hoisted = (text: string): string =>
  text
    .replaceAll(/^import type [^;]*;/gm, '')
    .replaceAll(/^import \* as (\w+) from ('[^']+');/gm, 'const $1 = require($2);')
    .replaceAll(/^import \{([^}]*)\} from ('[^']+');/gm, (_, names: string, from: string) => {
      const values = names.split(',').filter((name) => name.trim() !== '' && !/^\s*type\s/.test(name));
      return `const {${values.join(',').replaceAll(' as ', ': ')}} = require(${from});`;
    })
    .replaceAll(/^export default /gm, 'const _exported = ')
    .replaceAll(/^export /gm, '');

describe('the docs', () => {
  // The examples' files: a key store in a folder `tls` beside them, whose password is what every variable gives.
  const certificates = new Certificates();
  const before = process.cwd();

  beforeAll(() => {
    mkdirSync(certificates.path('tls'));
    certificates.self('localhost', ['localhost']);
    certificates.join('tls/localhost.pem', 'localhost.pem', 'localhost.key');
    const options = ['-in', 'localhost.pem', '-inkey', 'localhost.key', '-name', 'localhost'];
    certificates.pkcs12('tls/localhost.p12', [...options, '-passout', `pass:${ANY}`]);
    process.chdir(certificates.directory);
  });

  afterAll(() => {
    process.chdir(before);
    certificates.remove();
  });

  it('have TypeScript that compiles', () => {
    expect(of('ts').length).toBeGreaterThan(8);
    expect(typeErrors(of('ts'))).toEqual([]);
  });

  it.each(named(of('ts')))('log what %s says they do', async (_, block) => {
    const expected = [...block.text.matchAll(/\/\/ => (.*)$/gm)].map(([, text]) => text);
    const logged = await run(block);
    // A loop that has run for long goes on in a later turn, and so does what it logs.
    await until(async () => expect(logged).toEqual(expected));
  });

  it.each(named(of('yaml')))('have a config at %s that compiles', (_, { text }) => {
    const env = Object.fromEntries([...text.matchAll(/\$\{\{\s*env\.(\w+)\s*\}\}/g)].map(([, name]) => [name, ANY]));
    if (/^(name|bindings):/m.test(text)) expect(() => compile(text, { env })).not.toThrow();
  });

  it('give commands that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const commands = of('sh', 'bash').flatMap(({ text }) => text.split('\n'));
    const run = commands.flatMap((line) =>
      [...line.matchAll(/npm (?:run )?(test|(?<=run )[\w-]+)/g)].map(([, name]) => name),
    );
    expect(run.filter((name) => !(String(name) in scripts))).toEqual([]);
    const called = commands.flatMap((line) => [...line.matchAll(/\bsluice (\w+)/g)].map(([, name]) => name));
    expect(
      called.filter(
        (name) => !['run', 'consume', 'produce', 'cache', 'validate', 'schema', 'graph'].includes(String(name)),
      ),
    ).toEqual([]);
    const files = commands.flatMap((line) => [...line.matchAll(/\bgraphs\/[\w.-]+/g)].map(([file]) => file));
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it('have a heading for each code, and no other', () => {
    const errors = readFileSync(join(root, 'docs/errors.md'), 'utf8');
    expect([...errors.matchAll(/^## (.*)$/gm)].map(([, code]) => code)).toEqual(Object.keys(codes));
  });

  it('have links that lead somewhere', () => {
    const dead = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
        .filter(([, target]) => target !== '' && !existsSync(join(root, dirname(path), target as string)))
        .map(([, target]) => `${path}: ${target}`),
    );
    expect(dead).toEqual([]);
  });

  it('list every decision', () => {
    const folder = join(root, 'docs/decisions');
    const listed = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(readdirSync(folder).filter((name) => name !== 'README.md' && !listed.includes(name))).toEqual([]);
  });

  const operators = readdirSync(join(root, 'operators/flow')).map((name) => name.replace('.ts', ''));
  it.each(operators)('tell of %s what its docstring tells', (name) => {
    const source = readFileSync(join(root, `operators/flow/${name}.ts`), 'utf8');
    // The formatter writes emphasis in Markdown another way.
    const page = readFileSync(join(root, `docs/operators/${name}.md`), 'utf8').replaceAll(/_([a-z ]+)_/g, '*$1*');
    const comments = [...source.matchAll(/\/\*\*(.*?)\*\//gs)].map(([, text]) =>
      (text as string).replaceAll(/^ \* ?/gm, ''),
    );
    const docstring = comments.find((text) => text.includes('*emits*')) ?? '';
    const marble = docstring.split('\n').filter((line) => line.startsWith('    '));
    const lines = docstring.match(/^- \*emits\*(?:.*\n(?:- | {2}\S))*.*/m)?.[0] ?? '';
    expect([marble.length > 2, lines.match(/^- /gm)?.length]).toEqual([true, 4]);
    for (const word of ['emits', 'backpressures', 'ends']) expect(lines).toContain(`- *${word}*`);
    expect(page).toContain(marble.map((line) => line.slice(4)).join('\n'));
    expect(page).toContain(lines);
  });
});
