import { httpMatches } from '../../../operators/http/matches.ts';
import { headersOf } from '../../../src/protocol/http.ts';

describe('a condition of an http route', () => {
  it.each([
    [{}, true],
    [{ ':path': '/events/1?token=a' }, true],
    [{ ':path': '/events/1' }, true],
    [{ ':path': '/events/*' }, true],
    [{ ':path': '*?token=a' }, true],
    [{ ':path': '*?token=b' }, false],
    [{ ':path': '*token=a' }, false],
    [{ ':path': '/events' }, false],
    [{ ':Scheme': 'http', 'X-Tag': 'a*' }, true],
    [{ ':scheme': 'http', 'x-tag': 'b*' }, false],
    [{ 'x-tag': 'abc?' }, false],
    [{ 'x-other': '*' }, false],
  ])('%j answers %s', (headers, expected) => {
    const begin = { headers: headersOf({ ':scheme': 'http', ':path': '/events/1?token=a', 'x-tag': 'abc' }) };
    expect(httpMatches({ headers: headers as Record<string, string> }, begin)).toBe(expected);
  });
});
