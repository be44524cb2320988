import { Observable } from 'rxjs';
import { reset } from '../../../src/control.ts';
import { abort } from '../../../src/frame.ts';
import { type Connection, type ConnectionOptions, connect } from '../../../src/kafka/connection.ts';
import { type Answer, type Api, api } from '../../../src/kafka/requests/api.ts';
import { apiVersions, UNSUPPORTED_VERSION } from '../../../src/kafka/requests/api-versions.ts';
import { KafkaError } from '../../../src/protocol/kafka-error.ts';
import type { Net } from '../../../src/protocol/net.ts';
import type { Binding } from '../../../src/protocol.ts';
import { Clock } from './clock.ts';
import { type Asked, FakeBroker, KAFKA_3_1, versionsBody } from './fake-broker.ts';

interface Echo extends Answer {
  readonly text: string;
}

/** An api that answers what it is asked; it has the key of Metadata. */
const echo: Api<string, Echo> = api<string, Echo>({
  key: 3,
  name: 'Echo',
  versions: [9, 12],
  flexible: 9,
  answered: (body) => body !== 'silent',
  request(to, body) {
    to.string(body);
    to.tags();
  },
  response(from) {
    const answer = { throttleMs: from.int32(), text: from.string() };
    from.tags();
    return answer;
  },
});

/** The text of an echo request, which stands last in it, before the tags. */
const textOf = ({ bytes }: Asked): string => bytes.toString('utf8', bytes.lastIndexOf('>'), bytes.length - 1).slice(1);

/** A response header with no tags, then the body. */
const echoBody = (text: string, throttleMs = 0): Buffer => {
  const throttle = Buffer.alloc(4);
  throttle.writeInt32BE(throttleMs);
  return Buffer.concat([
    Buffer.from([0]),
    throttle,
    Buffer.from([text.length + 1]),
    Buffer.from(text),
    Buffer.from([0]),
  ]);
};

/** What becomes of an observable. */
class Outcome<T> {
  readonly values: T[] = [];
  error: unknown;
  completed = false;
  readonly leave: () => void;

  constructor(source: Observable<T>) {
    const subscription = source.subscribe({
      next: (value) => void this.values.push(value),
      error: (error) => {
        this.error = error;
      },
      complete: () => {
        this.completed = true;
      },
    });
    this.leave = () => subscription.unsubscribe();
  }
}

function setup(options: ConnectionOptions = {}, broker = new FakeBroker()) {
  const clock = new Clock();
  const address = { address: 'kafka', port: 9092 };
  const connected = new Outcome(connect(broker.exit, address, { scheduler: clock, ...options }));
  const ask = (text: string, timeout?: number): Outcome<Echo> =>
    new Outcome((connected.values[0] as Connection).request(echo, `>${text}`, timeout));
  return { clock, broker, connected, ask };
}

describe('a connection', () => {
  it('asks for versions first, at the address it is given, and then is ready', () => {
    const { broker, connected } = setup({ clientId: 'me' });
    expect(broker.stream.begin).toEqual({ remote: { address: 'kafka', port: 9092 } });
    expect(broker.stream.asked).toMatchObject([{ key: 18, version: 3 }]);
    expect(broker.stream.asked[0]?.bytes.toString('latin1')).toContain('\0\x02me\0');
    expect(connected.values[0]?.versions.get(1)).toEqual([0, 13]);
  });

  it('pipelines up to its limit, and answers in order', () => {
    const { broker, ask } = setup({ maxInFlight: 2 });
    const asked = ['a', 'b', 'c'].map((text) => ask(text));
    expect(broker.asked.map(textOf)).toEqual(['a', 'b']);
    expect(new Set(broker.asked.map(({ correlation }) => correlation)).size).toBe(2);
    broker.stream.answer(broker.asked[0]!, echoBody('A'));
    expect(asked[0]).toMatchObject({ values: [{ text: 'A' }], completed: true });
    expect(broker.asked.map(textOf)).toEqual(['a', 'b', 'c']);
    for (const [index, text] of ['B', 'C'].entries()) broker.stream.answer(broker.asked[index + 1]!, echoBody(text), 3);
    expect(asked.map(({ values }) => values[0]?.text)).toEqual(['A', 'B', 'C']);
  });

  it('waits for the credit of its exit', () => {
    const { broker, ask } = setup();
    broker.credit = 0;
    const large = ask('x'.repeat(100));
    expect(broker.asked).toHaveLength(1);
    expect(large.completed).toBe(false);
  });

  it('expects no answer where none is given, and is told when it was sent', () => {
    const { broker, connected, ask } = setup({ maxInFlight: 1 });
    const silent = new Outcome((connected.values[0] as Connection).request(echo, 'silent'));
    expect(silent).toMatchObject({ values: [], completed: true });
    const next = ask('a');
    broker.stream.answer(broker.asked[1]!, echoBody('A'));
    expect(next.values).toHaveLength(1);
  });

  it('takes back what is not sent, and forgets the answer to what is', () => {
    const { broker, ask } = setup({ maxInFlight: 1 });
    const sent = ask('sent');
    const waiting = ask('waiting');
    const last = ask('last');
    sent.leave();
    waiting.leave();
    broker.stream.answer(broker.asked[0]!, echoBody('SENT'));
    expect(broker.asked.map(textOf)).toEqual(['sent', 'last']);
    broker.stream.answer(broker.asked[1]!, echoBody('LAST'));
    expect([sent.values.length, last.values[0]?.text]).toEqual([0, 'LAST']);
  });

  it('holds back what it may not send yet while the broker throttles', () => {
    const { clock, broker, ask } = setup();
    ask('a');
    broker.stream.answer(broker.asked[0]!, echoBody('A', 1_000));
    ask('b');
    clock.advance(999);
    expect(broker.asked).toHaveLength(1);
    clock.advance(1);
    expect(broker.asked).toHaveLength(2);
  });

  it('is not throttled for so long that what waits would fail', () => {
    const { clock, broker, ask } = setup({ requestTimeout: 5_000 });
    ask('a');
    broker.stream.answer(broker.asked[0]!, echoBody('A', 2 ** 31 - 1));
    ask('b');
    clock.advance(2_500);
    expect(broker.asked).toHaveLength(2);
  });

  it('fails all that is asked when one is not answered in time', () => {
    const { clock, broker, connected, ask } = setup({ requestTimeout: 5_000 });
    const slow = ask('slow', 1_000);
    const other = ask('other');
    clock.advance(1_000);
    for (const { error } of [slow, other]) {
      expect(error).toBeInstanceOf(KafkaError);
      expect(error).toMatchObject({
        code: 'KAFKA_TIMEOUT',
        message: 'KAFKA_TIMEOUT: broker kafka:9092, Echo: Echo was not answered within 1000 ms',
      });
    }
    expect(connected.error).toMatchObject({ message: expect.stringContaining('broker kafka:9092: Echo was not') });
    expect(broker.stream.ended).toBe('left');
  });

  it('gives up a broker that does not even tell its versions', () => {
    const { clock, connected } = setup({ requestTimeout: 5_000 }, new FakeBroker(() => {}, null));
    clock.advance(5_000);
    expect(connected.error).toMatchObject({ code: 'KAFKA_TIMEOUT', message: expect.stringContaining('ApiVersions') });
  });

  it('leaves no timer behind', () => {
    const { clock, broker, ask } = setup();
    ask('a');
    broker.stream.answer(broker.asked[0]!, echoBody('A'));
    expect(clock.timers).toBe(0);
  });

  it.each([
    ['closes', (broker: FakeBroker) => broker.stream.end(), 'KAFKA_DISCONNECTED', 'the broker closed the connection'],
    [
      'resets',
      (broker: FakeBroker) => broker.stream.abort({ code: 'NET_RESET', message: 'NET_RESET: kafka reset it' }),
      'KAFKA_DISCONNECTED',
      'the connection broke: NET_RESET: kafka reset it',
    ],
    ['refuses', (broker: FakeBroker) => broker.stream.control(reset()), 'KAFKA_DISCONNECTED', 'the connection broke'],
    ['speaks nonsense on', (broker: FakeBroker) => broker.stream.raw(Buffer.alloc(4, -1)), 'KAFKA_FRAME', '-1 bytes'],
    [
      'cuts a response short on',
      (broker: FakeBroker) => {
        broker.stream.raw(Buffer.from([0, 0, 0, 9, 1]));
        broker.stream.end();
      },
      'KAFKA_TRUNCATED',
      'after 1 of the 9 bytes',
    ],
    [
      'answers something else on',
      (broker: FakeBroker) => broker.stream.answer({ correlation: 77 }, echoBody('?')),
      'KAFKA_CORRELATION',
      'number 77 was answered where Echo was asked as number 1',
    ],
  ])('fails all that is asked when the broker %s it', (_, happen, code, text) => {
    const { broker, connected, ask } = setup({ maxInFlight: 1 });
    const asked = [ask('a'), ask('b')];
    happen(broker);
    for (const { error } of [...asked, connected]) {
      expect(error).toMatchObject({ code, message: expect.stringContaining(text) });
    }
    expect(String(asked[0]?.error)).toContain('broker kafka:9092, Echo: ');
    expect(ask('late').error).toMatchObject({ code });
    expect(broker.stream.ended).toBeDefined();
  });

  it('says what a broker may want that ends the connection early', () => {
    const early = setup({}, new FakeBroker(() => {}, null));
    early.broker.stream.end();
    expect(early.connected.error).toMatchObject({ message: expect.stringContaining('may want TLS') });
    const { broker, ask } = setup();
    const asked = ask('a');
    broker.stream.end();
    expect(asked.error).toMatchObject({ message: expect.stringContaining('may want SASL') });
  });

  it('errors with the fault of an exit that cannot connect', () => {
    const fault = { code: 'NET_REFUSED', message: 'nothing listens' };
    const exit: Binding<Net> = (initial) =>
      new Observable((out) => {
        initial.subscribe((frame) => {
          if (frame.kind === 'begin') frame.control(reset(fault));
          out.next(abort(fault));
          out.complete();
        });
      });
    expect(new Outcome(connect(exit, { address: 'kafka', port: 1 })).error).toBe(fault);
  });

  it('completes when the broker ends it and nothing is asked', () => {
    const { broker, connected } = setup();
    broker.stream.end();
    expect(connected).toMatchObject({ completed: true, error: undefined });
  });

  it('closes in good order once all is answered', () => {
    const { broker, connected, ask } = setup();
    const asked = ask('a');
    connected.values[0]?.close();
    expect(ask('late').error).toMatchObject({ code: 'KAFKA_CLOSED' });
    expect(broker.stream.ended).toBeUndefined();
    broker.stream.answer(broker.asked[0]!, echoBody('A'));
    expect(asked.values).toHaveLength(1);
    expect(broker.stream.ended).toBe('end');
    expect(connected.completed).toBe(true);
  });

  it('fails what is asked when it is given up', () => {
    const { broker, connected, ask } = setup();
    const asked = ask('a');
    connected.leave();
    expect(asked.error).toMatchObject({ code: 'KAFKA_CLOSED', message: expect.stringContaining('kafka:9092, Echo') });
    expect(broker.stream.ended).toBe('abort');
  });

  it('fails only the request whose response cannot be read', () => {
    const { broker, connected, ask } = setup();
    const [bad, good] = [ask('bad'), ask('good')];
    broker.stream.answer(broker.asked[0]!, echoBody('BAD').subarray(0, 7));
    broker.stream.answer(broker.asked[1]!, echoBody('GOOD'));
    expect(bad?.error).toMatchObject({
      code: 'KAFKA_RESPONSE',
      message: expect.stringContaining('broker kafka:9092, Echo: the response, v12, cannot be read'),
    });
    expect([good?.values[0]?.text, connected.error]).toEqual(['GOOD', undefined]);
  });

  it('keeps what a consumer asks for within an answer', () => {
    const { broker, connected } = setup();
    const connection = connected.values[0] as Connection;
    const answers: Echo[] = [];
    connection.request(echo, '>a').subscribe((first) => {
      answers.push(first);
      connection.request(echo, '>b').subscribe((second) => void answers.push(second));
    });
    broker.stream.answer(broker.asked[0]!, echoBody('A'));
    broker.stream.answer(broker.asked[1]!, echoBody('B'));
    expect(answers.map(({ text }) => text)).toEqual(['A', 'B']);
  });

  it.each(['requestTimeout', 'maxInFlight', 'window', 'maxResponse'])('refuses a %s of 0', (name) => {
    expect(() => connect(new FakeBroker().exit, { address: 'kafka', port: 1 }, { [name]: 0 })).toThrow(
      'OPTION_INVALID',
    );
  });
});

describe('the versions of a connection', () => {
  const only = (range: readonly [number, number]) => setup({}, new FakeBroker(() => {}, { ...KAFKA_3_1, 3: range }));

  it('are the newest that both speak', () => {
    const { broker, ask } = only([0, 11]);
    ask('a');
    expect(broker.asked[0]?.version).toBe(11);
  });

  it.each([
    ['older', [0, 8], 'v0 to v8'],
    ['newer', [13, 14], 'v13 to v14'],
  ] as const)('are refused where the broker speaks only %s ones', (_, range, text) => {
    const { broker, connected, ask } = only(range);
    const { error } = ask('a');
    expect(error).toMatchObject({ code: 'KAFKA_VERSION', message: expect.stringContaining(text) });
    expect((error as Error).message).toContain('broker kafka:9092, Echo: ');
    expect([broker.asked.length, connected.error]).toEqual([0, undefined]);
  });

  it('are refused where the broker does not speak an api at all', () => {
    const { 3: _, ...rest } = KAFKA_3_1;
    const { ask } = setup({}, new FakeBroker(() => {}, rest));
    expect(ask('a').error).toMatchObject({ code: 'KAFKA_VERSION', message: expect.stringContaining('not at all') });
  });

  it('of a broker before 3.1 are refused by name', () => {
    const { connected } = setup({}, new FakeBroker(() => {}, { ...KAFKA_3_1, 1: [0, 12] }));
    expect(connected.error).toMatchObject({
      code: 'KAFKA_TOO_OLD',
      message:
        'KAFKA_TOO_OLD: broker kafka:9092: it is older than Kafka 3.1, the oldest that is supported: it speaks Fetch up to v12',
    });
  });

  it('are asked for in v0 where v3 is not known', () => {
    const broker: FakeBroker = new FakeBroker((request) => {
      const ranges = request.version === 0 ? KAFKA_3_1 : { 18: [0, 2] as const };
      request.stream.answer(request, versionsBody(ranges, 0, request.version === 0 ? 0 : UNSUPPORTED_VERSION));
    }, null);
    const { connected } = setup({}, broker);
    expect(broker.stream.asked.map(({ key, version }) => [key, version])).toEqual([
      [apiVersions.key, 3],
      [apiVersions.key, 0],
    ]);
    expect(connected.values).toHaveLength(1);
  });

  it('are not learnt from a broker that answers an error', () => {
    const broker = new FakeBroker((request) => request.stream.answer(request, versionsBody({}, 3, 42)), null);
    expect(setup({}, broker).connected.error).toMatchObject({
      code: 'KAFKA_ERROR',
      kafka: { name: 'INVALID_REQUEST' },
    });
  });
});
