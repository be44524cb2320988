import { kafkaMatches } from '../../../operators/kafka/matches.ts';
import { serversOf } from '../../../operators/kafka/servers.ts';

describe('a condition of a kafka route', () => {
  it.each([
    ['a.*', 'a.b', true],
    ['a.*', 'a.', true],
    ['a.*', 'ab', false],
    ['a.*', 'A.b', false],
    ['*', 'anything', true],
    ['*.dlq', 'orders.dlq', true],
    ['a*c*e', 'abcde', true],
    ['orders', 'orders', true],
    ['orders', 'orders2', false],
  ])('%s takes the topic %s: %s', (topic, name, taken) => {
    expect(kafkaMatches({ topic }, { api: 'meta', topic: name })).toBe(taken);
  });

  it('takes every topic where it asks for none', () => {
    expect(kafkaMatches({}, { api: 'meta', topic: 'orders' })).toBe(true);
  });
});

describe('servers', () => {
  it('are written one by one, or with commas between', () => {
    expect(serversOf(['one:9092', ' two:9093 , [::1]:9094'])).toEqual([
      { address: 'one', port: 9092 },
      { address: 'two', port: 9093 },
      { address: '::1', port: 9094 },
    ]);
  });

  it.each(['one', 'one:', 'one:0', 'one:99999', ''])('refuse %j', (server) => {
    expect(() => serversOf([server])).toThrow(/OPTION_INVALID: servers/);
  });
});
