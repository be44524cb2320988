import { paramsOf, pathConditions, pathPattern } from '../../src/path-pattern.ts';

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

describe('conditions of a path', () => {
  it('have the params that each of them has', () => {
    expect(paramsOf([{ path: '/{topic}/*/{key}.json' }])).toEqual(['topic', 'key']);
    expect(paramsOf([{ path: '/{a}/{b}' }, { path: '/x/{b}' }])).toEqual(['b']);
    expect(paramsOf([{ path: '/{a}' }, { method: 'GET' }])).toEqual([]);
    expect(paramsOf([])).toEqual([]);
  });

  it('take what any of them does, with escapes resolved once', () => {
    const taken = pathConditions([{ path: '/a/{x}', method: 'GET' }, { path: '/{y}/b' }, { method: 'PUT' }]);
    expect(taken({ path: '/a/%2525%2F', method: 'GET' })).toEqual({ x: '%25/' });
    expect(taken({ path: '/a/b', method: 'POST' })).toEqual({ y: 'a' });
    expect(taken({ path: '/', method: 'PUT' })).toEqual({});
    expect(taken({ path: '/', method: 'POST' })).toBeUndefined();
    expect(() => taken({ path: '/a/%', method: 'GET' })).toThrow(URIError);
  });

  it('take everything where there is none', () => {
    expect(pathConditions([])({ path: '/x' })).toEqual({});
  });
});
