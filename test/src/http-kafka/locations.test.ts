import { locations } from '../../../src/http-kafka/locations.ts';
import { headersOf } from '../../../src/protocol/http.ts';

describe('where an answer will be', () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: this is how the format writes expressions
  it.each([
    ['/items/${params.id};cid=${correlationId}', '/items/1%2F2;cid=k%20-1'],
    ["/${guarded['door'].identity}/items?${correlationId}", '/a%2Fb%20c/items?k%20-1'],
    ["/${guarded['door'].identity}/${params.id}/${correlationId}", '/a%2Fb%20c/1%2F2/k%20-1'],
  ])('is said by %s, and known again', (location, expected) => {
    const where = locations({ Location: location }, { params: ['id'] });
    const authorization = new Map([['door', { identity: 'a/b c', roles: [], attributes: {} }]]);
    const [said] = where.headersOf({ params: { id: '1/2' }, authorization }, 'k -1');

    expect(said).toEqual({ name: 'location', value: expected });
    expect(where.correlationOf({ headers: headersOf({ ':path': expected }) })).toBe('k -1');
    expect(where.correlationOf({ headers: headersOf({ ':path': '/items/1' }) })).toBeUndefined();
  });
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: this is how the format writes expressions
});
