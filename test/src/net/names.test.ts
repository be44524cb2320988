import { splitAuthority } from '../../../src/net/authority.ts';
import { hasPort, portsOf } from '../../../src/net/ports.ts';
import { endpoint, place } from '../../../src/net/sockets.ts';
import { wildcard } from '../../../src/net/wildcard.ts';

describe('names of hosts and ports', () => {
  it.each<[string, string, boolean]>([
    ['example.org', 'EXAMPLE.org', true],
    ['example.org', 'exampleXorg', false],
    ['*', '', true],
    ['*.example.org', 'www.example.org', true],
    ['*.example.org', '.example.org', true],
    ['*.example.org', 'example.org', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['*ab*ab*', 'abab', true],
    ['*ab*ab*', 'aab', false],
  ])('pattern %s takes %s: %s', (pattern, name, taken) => {
    expect(wildcard(pattern, name)).toBe(taken);
  });

  it.each<[string, string, number | undefined]>([
    ['example.org:80', 'example.org', 80],
    ['example.org', 'example.org', undefined],
    ['[::1]:80', '::1', 80],
    ['[::1]', '::1', undefined],
    ['::1', '::1', undefined],
  ])('authority %s is host %s and port %s', (authority, host, port) => {
    expect(splitAuthority(authority)).toEqual({ host, port });
  });

  it('lists the ports of ranges and lists', () => {
    expect(portsOf(['9092-9094', 80, '7'])).toEqual([9092, 9093, 9094, 80, 7]);
    expect(portsOf(undefined)).toEqual([]);
    expect([9091, 9092, 9094, 9095, undefined].map((port) => hasPort('9092-9094', port))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  it('writes an endpoint as a URL would', () => {
    expect(place({ address: 'example.org', port: 1 })).toBe('example.org:1');
    expect(place({ address: '::1', port: 1 })).toBe('[::1]:1');
    expect(endpoint('::ffff:10.0.0.1', 1)).toEqual({ address: '10.0.0.1', port: 1 });
  });
});
