import { problemsOf } from './broken.ts';
import { random } from './mutate.ts';

const codesOf = (text: string): string[] => [...new Set(problemsOf(text).map(({ code }) => code))];
const wrap = (bindings: string): string => `name: limits\nbindings:\n${bindings}`;

describe('a hostile text', () => {
  it('is refused when it is too long', () => {
    expect(codesOf('a: b\n'.repeat(2_000_000))).toEqual(['CONFIG_TOO_LARGE']);
  });

  it('is refused when its aliases multiply', () => {
    const levels = 'bcdefghijklmnopq'.split('');
    const bomb = levels.map((name, index) => {
      const previous = index === 0 ? 'a' : levels[index - 1];
      return `${name}: &${name} [${`*${previous},`.repeat(9)}]`;
    });
    expect(codesOf(`a: &a [x]\n${bomb.join('\n')}\n`)).toEqual(['CONFIG_TOO_LARGE']);
  });

  it.each([
    ['lists', '['.repeat(100_000)],
    ['closed lists', '['.repeat(50_000) + ']'.repeat(50_000)],
    ['mappings', '{a: '.repeat(50_000)],
    ['dashes', '- '.repeat(100_000)],
  ])('is refused when it nests %s too deeply', (_, text) => {
    expect(codesOf(text)).toContain('CONFIG_TOO_LARGE');
  });

  it.each([
    ['keys', Array.from({ length: 25_000 }, (_, index) => `k${index}: 1`).join('\n'), 'CONFIG_TOO_LARGE'],
    ['tabs', '\t'.repeat(200_000), 'CONFIG_TYPE'],
    ['anchors', '&a '.repeat(80_000), 'CONFIG_SYNTAX'],
    ['tags', '! '.repeat(80_000), 'CONFIG_SYNTAX'],
    ['one long key', `${'k'.repeat(200_000)}: 1`, 'CONFIG_SYNTAX'],
    ['one long line', wrap(`  x: {type: ${'t'.repeat(200_000)}, kind: server}`), 'CONFIG_UNKNOWN_TYPE'],
    [
      'names',
      wrap(Array.from({ length: 4_000 }, (_, index) => `  b${index}: {type: echo, kind: server}`).join('\n')),
      undefined,
    ],
  ])('is read to the end when it is full of %s', (_, text, code) => {
    expect(codesOf(text)).toEqual(code === undefined ? [] : expect.arrayContaining([code]));
  });

  it('may be a chain of thousands, or a circle', () => {
    const chain = (length: number, last: string): string =>
      Array.from(
        { length },
        (_, at) => `  b${at}: {type: tls, kind: client, exit: ${at === length - 1 ? last : `b${at + 1}`}}`,
      ).join('\n');
    expect(codesOf(wrap(chain(3_000, 'b0')))).toEqual(['CONFIG_CYCLE']);
    expect(codesOf(wrap(`${chain(300, 'end')}\n  end: {type: echo, kind: server}`))).toEqual([]);
  });

  it('cannot reach a prototype', () => {
    const text = wrap(
      '  x:\n    type: tcp\n    kind: server\n    options:\n      __proto__: {port: 1}\n    constructor: x\n',
    );
    expect(codesOf(text)).toContain('CONFIG_KEY_FORBIDDEN');
    expect(codesOf('name: x\nbindings: {toString: {type: valueOf, kind: hasOwnProperty, exit: toString}}')).toEqual([
      'CONFIG_UNKNOWN_TYPE',
      'CONFIG_CYCLE',
    ]);
    expect(({} as { port?: number }).port).toBeUndefined();
  });

  const seed = Number(process.env.SEED ?? 7);
  it(`gives an error, whatever bytes it is made of (SEED=${seed})`, () => {
    const next = random(seed);
    for (let round = 0; round < 300; round += 1) {
      const bytes = Buffer.from(Array.from({ length: Math.floor(next() * 2_000) }, () => Math.floor(next() * 256)));
      const printable = String.fromCharCode(...bytes.map((byte) => 32 + (byte % 95)));
      for (const text of [bytes.toString('utf8'), bytes.toString('latin1'), printable]) {
        expect(problemsOf(text).filter(({ severity }) => severity === 'error')).not.toEqual([]);
      }
    }
  });
});
