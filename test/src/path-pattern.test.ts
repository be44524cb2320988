import { pathPattern } from '../../src/path-pattern.ts';

describe('a path pattern', () => {
  it.each([
    ['/items', '/items', {}],
    ['/items', '/items/', undefined],
    ['/items', '/item', undefined],
    ['/items/{id}', '/items/1', { id: '1' }],
    ['/items/{id}', '/items/', undefined],
    ['/items/{id}', '/items/a/b', { id: 'a/b' }],
    ['/{topic}/{key}/{tag}', '/a/b/c', { topic: 'a', key: 'b', tag: 'c' }],
    ['/{topic}/{key}', '/a', undefined],
    ['/{a}/x/{b}', '/1/2/x/3', undefined],
    ['/{name}.json', '/a.b.json', { name: 'a.b' }],
    ['/{name}.json', '/a.json', { name: 'a' }],
    ['/events/*', '/events/', {}],
    ['/events/*', '/events/a/b', {}],
    ['*', '', {}],
    ['/a*c', '/abbc', {}],
    ['/a*c', '/abb', undefined],
    ['/{__proto__}', '/x', {}],
  ])('%s reads %s', (pattern, path, expected) => {
    expect(pathPattern(pattern)(path)).toEqual(expected);
  });

  it('takes time in proportion to a path', () => {
    const path = `/${'a'.repeat(100_000)}`;
    expect(pathPattern('/*a*a*a*a*a*a*b')(path)).toBeUndefined();
  });
});
