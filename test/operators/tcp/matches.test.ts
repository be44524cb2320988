import { type TcpWhen, tcpMatches } from '../../../operators/tcp/matches.ts';
import type { NetBegin } from '../../../src/protocol/net.ts';

const accepted: NetBegin = {
  local: { address: '10.1.2.3', port: 7114 },
  remote: { address: '192.0.2.7', port: 51_000 },
};
const wanted: NetBegin = { remote: { address: 'kafka-1.example.org', port: 9092 }, authority: 'kafka.example.org' };
const six: NetBegin = { remote: { address: 'fd00::12', port: 9092 } };

describe('a route of a tcp binding', () => {
  it.each<[TcpWhen, NetBegin, boolean]>([
    [{}, accepted, true],
    [{ cidr: '10.1.0.0/16' }, accepted, true],
    [{ cidr: '10.2.0.0/16' }, accepted, false],
    [{ cidr: '192.0.2.0/24' }, accepted, false],
    [{ cidr: '0.0.0.0/0' }, accepted, true],
    [{ cidr: '0.0.0.0/0' }, six, false],
    [{ cidr: 'fd00::/8' }, six, true],
    [{ cidr: '10.0.0.0/8' }, wanted, false],
    [{ port: 7114 }, accepted, true],
    [{ port: '7000-7200' }, accepted, true],
    [{ port: [80, '443', '7114'] }, accepted, true],
    [{ port: 51_000 }, accepted, false],
    [{ port: 9092 }, wanted, true],
    [{ port: 9092 }, {}, false],
    [{ authority: '*.example.org' }, wanted, true],
    [{ authority: 'KAFKA.*.org' }, wanted, true],
    [{ authority: 'kafka.example' }, wanted, false],
    [{ authority: '*' }, {}, false],
    [{ authority: 'kafka-*.example.org' }, { remote: { address: 'kafka-1.example.org', port: 1 } }, true],
    [{ authority: 'kafka.example.org', port: 1 }, wanted, false],
  ])('%j takes %j: %s', (when, begin, taken) => {
    expect(tcpMatches(when, begin)).toBe(taken);
  });

  it.each([['10.0.0.0'], ['10.0.0.0/33'], ['fd00::/129'], ['x/8'], ['10.0.0.0/']])('refuses cidr %s', (cidr) => {
    expect(() => tcpMatches({ cidr }, accepted)).toThrow(/OPTION_INVALID.*cidr/);
  });

  it('takes time linear in the name that a peer chooses', () => {
    const authority = `${'*a'.repeat(40)}b`;
    expect(tcpMatches({ authority }, { authority: 'a'.repeat(100_000) })).toBe(false);
  });
});
