import { logTo, tell } from '../../src/cli/log.ts';
import { fakeIo } from './fake-io.ts';

const retrying = {
  kind: 'retrying',
  binding: 'app',
  fault: { code: 'NET_REFUSED', message: 'NET_REFUSED: nothing listens on 127.0.0.1:9092' },
} as const;

describe('the log', () => {
  it('tells what is tried again as JSON, with its binding, code and message', () => {
    const { io, said } = fakeIo();
    tell(logTo(io), retrying);
    expect(JSON.parse(said.err)).toMatchObject({
      level: 40,
      binding: 'app',
      code: 'NET_REFUSED',
      msg: 'is tried again: NET_REFUSED: nothing listens on 127.0.0.1:9092',
    });
  });

  it('tells it in a line of words at a terminal', () => {
    const { io, said } = fakeIo(true);
    tell(logTo(io), retrying);
    expect(said.err).toMatch(/warn.*app.*is tried again: NET_REFUSED: nothing listens on 127\.0\.0\.1:9092\n$/);
    expect(said.err.split('\n').length).toBe(2);
  });
});
