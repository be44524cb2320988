import { Observable, Subscription } from 'rxjs';
import { reset } from '../../../src/control.ts';
import { abort } from '../../../src/frame.ts';
import { Pool, type PoolOptions } from '../../../src/kafka/pool.ts';
import { type Answer, type Api, api } from '../../../src/kafka/requests/api.ts';
import type { Endpoint, Net } from '../../../src/protocol/net.ts';
import type { Binding } from '../../../src/protocol.ts';
import { Clock } from './clock.ts';
import { FakeBroker, type FakeStream } from './fake-broker.ts';

/** An api that parks when asked for `poll`; its key is that of Metadata, and all its answers are alike. */
const ask: Api<'poll' | 'quick', Answer> = api<'poll' | 'quick', Answer>({
  key: 3,
  name: 'Ask',
  versions: [12, 12],
  flexible: 9,
  parks: (body) => body === 'poll',
  request: (to, body) => to.string(body),
  response: (from) => ({ throttleMs: from.int32() }),
});
const ANSWER = Buffer.alloc(5);
const ONE: Endpoint = { address: 'one', port: 9092 };
const OTHER: Endpoint = { address: 'other', port: 9092 };

const UNREACHABLE = { code: 'NET_REFUSED', message: 'NET_REFUSED: nothing listens' };
const unreachable: Binding<Net> = (initial) =>
  new Observable((out) => {
    initial.subscribe((frame) => {
      if (frame.kind === 'begin') frame.control(reset(UNREACHABLE));
      out.next(abort(UNREACHABLE));
      out.complete();
    });
  });

function setup(options: PoolOptions = {}) {
  const clock = new Clock();
  const broker = new FakeBroker();
  const dials: number[] = [];
  const state = { reachable: true };
  const exit: Binding<Net> = (initial) =>
    new Observable((out) => {
      dials.push(clock.now());
      return (state.reachable ? broker.exit : unreachable)(initial).subscribe(out);
    });
  const pool = new Pool(exit, { scheduler: clock, random: () => 0.5, ...options });
  const request = (body: 'poll' | 'quick', to = ONE) => {
    const outcome = { answered: false, error: undefined as unknown, subscription: new Subscription() };
    outcome.subscription = pool.request(to, ask, body).subscribe({
      next: () => {
        outcome.answered = true;
      },
      error: (error) => {
        outcome.error = error;
      },
    });
    return outcome;
  };
  /** Answers the oldest request of a stream that is not answered. */
  const served = new Map<FakeStream, number>();
  const answer = (stream: FakeStream): void => {
    const next = (served.get(stream) ?? 0) + 1;
    served.set(stream, next);
    stream.answer(stream.asked[next]!, ANSWER);
  };
  return { clock, broker, dials, state, pool, request, answer };
}

describe('a pool', () => {
  it('connects when something is asked, and uses the connection again', () => {
    const { broker, dials, request, answer } = setup();
    expect(dials).toHaveLength(0);
    const first = request('quick');
    answer(broker.stream);
    const poll = request('poll');
    answer(broker.stream);
    expect([first.answered, poll.answered, dials.length]).toEqual([true, true, 1]);
  });

  it('sends what does not park on one connection, in order', () => {
    const { broker, dials, request } = setup();
    for (let index = 0; index < 4; index += 1) request('quick');
    expect([dials.length, broker.asked.length]).toEqual([1, 4]);
  });

  it('lets nothing wait behind a long poll, nor a long poll behind anything', () => {
    const { broker, dials, request, answer } = setup();
    const poll = request('poll');
    const quick = request('quick');
    const other = request('poll');
    expect(dials).toHaveLength(3);
    answer(broker.streams[1]!);
    expect([poll.answered, quick.answered, other.answered]).toEqual([false, true, false]);
  });

  it('never has two connections at a time for what does not park', () => {
    const { broker, request, answer } = setup();
    request('quick');
    answer(broker.streams[0]!);
    request('poll');
    request('quick');
    answer(broker.streams[0]!);
    request('quick');
    expect(broker.streams.map(({ asked }) => asked.length - 1)).toEqual([2, 2]);
    answer(broker.streams[1]!);
    answer(broker.streams[1]!);
    request('poll');
    request('quick');
    expect(broker.streams).toHaveLength(2);
  });

  it('has connections of its own for each broker', () => {
    const { broker, request } = setup();
    request('quick', ONE);
    request('quick', OTHER);
    expect(broker.streams.map(({ begin }) => begin.remote)).toEqual([ONE, OTHER]);
  });

  it('closes a connection in good order that has had nothing to do for a while', () => {
    const { clock, broker, pool, request, answer } = setup({ idle: 1_000 });
    request('quick');
    clock.advance(5_000);
    answer(broker.stream);
    clock.advance(999);
    request('quick');
    answer(broker.stream);
    clock.advance(999);
    expect(broker.stream.ended).toBeUndefined();
    clock.advance(1);
    expect(broker.stream.ended).toBe('end');
    expect([pool.connections, clock.timers]).toEqual([0, 0]);
  });

  it('connects again after the broker has closed a connection', () => {
    const { broker, dials, request, answer } = setup();
    request('quick');
    answer(broker.stream);
    broker.stream.end();
    const again = request('quick');
    answer(broker.stream);
    expect([again.answered, dials.length]).toEqual([true, 2]);
  });

  it('fails with a broken connection what was asked on it, and asks nothing twice', () => {
    const { broker, dials, request } = setup();
    const asked = [request('quick'), request('quick')];
    broker.stream.abort({ code: 'NET_RESET', message: 'gone' });
    expect(asked.map(({ error }) => error)).toMatchObject([
      { code: 'KAFKA_DISCONNECTED' },
      { code: 'KAFKA_DISCONNECTED' },
    ]);
    expect(dials).toHaveLength(1);
  });

  it('waits longer after each failure, up to a limit', () => {
    const { clock, dials, state, request } = setup({ backoff: 100, maxBackoff: 500 });
    state.reachable = false;
    for (let index = 0; index < 5; index += 1) {
      const asked = request('quick');
      clock.advance(1_000 * Number(asked.error === undefined));
      expect(asked.error).toBe(UNREACHABLE);
      // Asked at once after the failure, so that all of the wait is seen.
      clock.frame = dials.at(-1) as number;
    }
    const waits = dials.slice(1).map((at, index) => at - (dials[index] as number));
    expect(waits).toEqual([100, 200, 400, 500]);
  });

  it.each([
    [0, 80],
    [0.999, 120],
  ])('spreads the waits: %d', (random, wait) => {
    const { clock, dials, state, request } = setup({ backoff: 100, random: () => random });
    state.reachable = false;
    request('quick');
    request('quick');
    clock.advance(1_000);
    expect(Math.round(dials[1] as number)).toBe(wait);
  });

  it('connects once for all that is asked during a backoff', () => {
    const { clock, broker, dials, state, request, answer } = setup({ backoff: 100 });
    state.reachable = false;
    request('quick');
    state.reachable = true;
    const asked = [request('quick'), request('quick')];
    expect(dials).toHaveLength(1);
    clock.advance(100);
    for (const _ of asked) answer(broker.stream);
    expect([dials.length, ...asked.map(({ answered }) => answered)]).toEqual([2, true, true]);
  });

  it('waits little again once a broker has answered', () => {
    const { clock, broker, dials, state, request, answer } = setup({ backoff: 100 });
    state.reachable = false;
    for (let index = 0; index < 3; index += 1) {
      request('quick');
      clock.advance(1_000);
    }
    state.reachable = true;
    request('quick');
    answer(broker.stream);
    broker.stream.abort({ code: 'NET_RESET', message: 'gone' });
    const failed = clock.now();
    request('quick');
    clock.advance(1_000);
    expect((dials.at(-1) as number) - failed).toBe(100);
  });

  it('counts several connections that break together as one failure', () => {
    const { clock, broker, dials, request } = setup({ backoff: 100 });
    request('poll');
    request('poll');
    request('quick');
    for (const stream of broker.streams) stream.abort({ code: 'NET_RESET', message: 'gone' });
    request('quick');
    clock.advance(100);
    expect(dials).toHaveLength(4);
  });

  it('makes a connection that its first asker has left for whoever asks next', () => {
    const { broker, dials, clock, state, request, answer } = setup({ backoff: 100 });
    state.reachable = false;
    request('quick');
    state.reachable = true;
    request('poll').subscription.unsubscribe();
    const quick = request('quick');
    clock.advance(100);
    answer(broker.stream);
    expect([quick.answered, dials.length]).toEqual([true, 2]);
  });

  it('cuts everything off when it is closed', () => {
    const { clock, broker, pool, request } = setup();
    const asked = [request('poll'), request('quick')];
    pool.close();
    expect(asked.map(({ error }) => error)).toMatchObject([{ code: 'KAFKA_CLOSED' }, { code: 'KAFKA_CLOSED' }]);
    expect(request('quick').error).toMatchObject({ code: 'KAFKA_CLOSED' });
    expect(broker.streams.every(({ ended }) => ended !== undefined)).toBe(true);
    expect([pool.connections, clock.timers]).toEqual([0, 0]);
  });

  it.each(['idle', 'backoff', 'maxBackoff'])('refuses a %s of 0', (name) => {
    expect(() => new Pool(unreachable, { [name]: 0 })).toThrow('OPTION_INVALID');
  });
});
