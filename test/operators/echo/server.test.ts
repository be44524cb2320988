import { echoServer } from '../../../operators/echo/server.ts';
import { data, lawful } from '../../../src/index.ts';
import type { NetLane } from '../../../src/protocol/net.ts';
import { type Marbles, marbles } from '../../../src/testing/index.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const values = { a: data(bytes('a'), 1), b: data(bytes('b'), 1) };

describe('an echo server', () => {
  const test = (name: string, body: (m: Marbles) => void) => it(name, marbles(body));
  const through = ({ producing, granting }: Marbles, marble: string, credit: string) =>
    producing<NetLane>(marble, values).pipe(lawful('in'), echoServer(), lawful('out'), granting(credit));

  test('sends back what it is sent', (m) => {
    m.expectFrames(through(m, '-a-b-|', ' 9')).toBe('Ba-b-(E|)', values as never);
  });

  test('has no window of its own: credit for the reply is credit for the initial lane', (m) => {
    m.expectFrames(through(m, '-a-b-|', ' 1---1')).toBe('Ba--b(E|)', values as never);
  });
});
