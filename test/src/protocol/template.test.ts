import type { Identity } from '../../../src/protocol/guard.ts';
import { fill } from '../../../src/protocol/template.ts';

const slot = (name: string): string => `$\{${name}}`;
const alice: Identity = { identity: 'alice', roles: [], attributes: { tenant: 't1', sly: slot('params.a') } };
const authorization = new Map([['g', alice]]);

describe('a text with slots', () => {
  it.each([
    ['params.a', 'x'],
    ['params.none', ''],
    ['params.__proto__', ''],
    ["guarded['g'].identity", 'alice'],
    ["guarded['g'].attributes.tenant", 't1'],
    ["guarded['g'].attributes.none", undefined],
    ["guarded['g'].attributes.constructor", undefined],
    ["guarded['h'].identity", undefined],
    ["guarded['g'].credentials", slot("guarded['g'].credentials")],
  ])('has in place of %s: %s', (name, expected) => {
    const filled = fill(`<${slot(name)}>`, { params: { a: 'x' }, authorization });
    expect(filled).toBe(expected === undefined ? undefined : `<${expected}>`);
  });

  it('is filled in at once: a value is never taken for a slot', () => {
    const params = { a: slot('params.b'), b: 'x', c: slot("guarded['g'].identity") };
    const text = `${slot('params.a')} ${slot('params.c')} ${slot("guarded['g'].attributes.sly")}`;
    expect(fill(text, { params, authorization })).toBe(`${params.a} ${params.c} ${slot('params.a')}`);
  });

  it('takes what is made of params and claims', () => {
    const text = `${slot('params.a')}-${slot("guarded['g'].identity")}`;
    const upper = (value: string): string => value.toUpperCase();
    expect(fill(text, { params: { a: 'x' }, authorization }, upper)).toBe('X-alice');
    expect(fill(text, { params: { a: 'x' }, authorization }, upper, upper)).toBe('X-ALICE');
    expect(fill(text, { params: { a: 'x' }, authorization }, upper, () => undefined)).toBeUndefined();
  });
});
