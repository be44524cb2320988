// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how the format writes expressions
import { expression } from '../../../src/protocol/expression.ts';
import { filterExpressions } from '../../../src/protocol/filter-expressions.ts';
import type { Identity } from '../../../src/protocol/guard.ts';
import { isTopicName } from '../../../src/protocol/topic-name.ts';

const ada: Identity = { identity: 'ada', roles: [], attributes: { team: 'engines' } };
const authorization = new Map([['jwt', ada]]);
const names = { params: ['a', 'b', '__proto__'], others: ['idempotencyKey'] };

describe('an expression', () => {
  it.each([
    ['plain text', 'plain text'],
    ['', ''],
    ['a $b {c} $', 'a $b {c} $'],
    ['${params.a}', 'x'],
    ['<${params.a}/${params.b}>', '<x/${params.a}>'],
    ["${guarded['jwt'].identity}", 'ada'],
    ["${guarded['jwt'].attributes.team}", 'engines'],
    ['${idempotencyKey}', 'once'],
    ["${guarded['other'].identity}", undefined],
    ["${guarded['jwt'].attributes.toString}", undefined],
    ['${params.__proto__}', undefined],
  ])('%s is filled in', (text, expected) => {
    const values = { params: { a: 'x', b: '${params.a}' }, authorization, others: { idempotencyKey: 'once' } };
    expect(expression(text, names)(values)).toBe(expected);
  });

  it('has no value where a stream has none', () => {
    expect(expression('x${idempotencyKey}', names)({})).toBeUndefined();
    expect(expression('x${params.a}', names)({ params: {} })).toBeUndefined();
    const nameless = new Map([['jwt', { ...ada, identity: undefined }]]);
    expect(expression("${guarded['jwt'].identity}")({ authorization: nameless })).toBeUndefined();
  });

  it.each(['${params.c}', '${correlationId}', '${}', '${guarded.jwt.identity}', "${guarded['jwt'].roles}"])(
    'refuses %s, which has a value nowhere',
    (text) => {
      expect(() => expression(text, names)).toThrow('OPTION_INVALID');
    },
  );
});

describe('filters with expressions', () => {
  const filters = filterExpressions(
    [{ key: '${params.a}' }, { key: 'k', headers: { tag: '${params.b}', x: 'y' } }],
    names,
  );

  it('are filled in', () => {
    const [key, tag, x] = [Buffer.from('1'), Buffer.from('2'), Buffer.from('y')];
    expect(filters({ params: { a: '1', b: '2' } })).toEqual([
      [{ key }],
      [{ key: Buffer.from('k') }, { header: { name: 'tag', value: tag } }, { header: { name: 'x', value: x } }],
    ]);
  });

  it('are none where one of them has no value', () => {
    expect(filters({ params: { a: '1' } })).toBeUndefined();
    expect(filters({ params: { b: '1' } })).toBeUndefined();
  });
});

describe('the name of a topic', () => {
  it.each(['a', 'a.b_c-D9', '...', 'x'.repeat(249)])('can be %s', (name) => expect(isTopicName(name)).toBe(true));
  it.each(['', '.', '..', 'a/b', 'a b', 'ä', 'a\n', 'x'.repeat(250)])('cannot be %j', (name) =>
    expect(isTopicName(name)).toBe(false),
  );
});

it('an expression takes what is made of a claim, and has no value where that is none', () => {
  const who = expression("${guarded['jwt'].identity}", {
    claim: (found) => (found === 'a/b' ? undefined : `<${found}>`),
  });
  const by = (identity: string) => ({ authorization: new Map([['jwt', { identity, roles: [], attributes: {} }]]) });
  expect(who(by('alice'))).toBe('<alice>');
  expect(who(by('a/b'))).toBeUndefined();
});
