import { inspect } from 'node:util';
import { of } from 'rxjs';
import { type Connection, type ConnectionOptions, connect } from '../../../src/kafka/connection.ts';
import { metadata } from '../../../src/kafka/requests/metadata.ts';
import type { Sasl } from '../../../src/kafka/sasl.ts';
import { Clock, until } from './clock.ts';
import { type Asked, FakeBroker } from './fake-broker.ts';
import { FakeSasl, type FakeSaslOptions } from './fake-sasl.ts';

const CANARY = 'canary-b4d5ecret';
const ADDRESS = { address: 'kafka', port: 9092 };

const user = (mechanism: Exclude<Sasl['mechanism'], 'oauthbearer'>, password = 'secret'): Sasl => ({
  ...{ mechanism, username: 'user', password },
});

/** Connects to a fake broker; `result` is a connection, or the error. */
async function attempt(sasl: Sasl, options: FakeSaslOptions = {}, more: ConnectionOptions = {}) {
  const fake = new FakeSasl(options);
  /** What is not of SASL. As Kafka does, the broker goes on only when the last of it is answered. */
  const others: Asked[] = [];
  const waiting: Asked[] = [];
  const goOn = (): void => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (!fake.answer(next)) return;
      waiting.shift();
    }
  };
  const broker = new FakeBroker((request) => {
    if (request.key !== 17 && request.key !== 36) others.push(request);
    if (waiting.push(request) === 1) goOn();
  });
  const serve = (body: Uint8Array): void => {
    const request = waiting.shift() as Asked;
    request.stream.answer(request, body);
    goOn();
  };
  const clock = new Clock();
  let result: Connection | Error | undefined;
  let ended: unknown;
  connect(broker.exit, ADDRESS, { sasl, scheduler: clock, ...more }).subscribe({
    next: (connection) => {
      result = connection;
    },
    error: (error) => {
      result ??= error;
      ended = error;
    },
  });
  await until(() => result !== undefined);
  return { fake, others, broker, clock, result, serve, ended: () => ended };
}

describe('SASL', () => {
  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('authenticates by %s', async (mechanism) => {
    const { result, broker } = await attempt(user(mechanism));
    expect(result).toHaveProperty('versions');
    expect(broker.asked[0]?.bytes.toString('latin1')).toContain(mechanism.toUpperCase());
  });

  it.each([
    ['a promise', () => Promise.resolve('token')],
    ['an observable', () => of('token')],
  ])('authenticates by a token from %s', async (_, token) => {
    const { result, fake } = await attempt({ mechanism: 'oauthbearer', token });
    expect(result).toHaveProperty('versions');
    expect(fake.messages).toEqual(['n,,\u0001auth=Bearer token\u0001\u0001']);
  });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('tells a wrong password by %s', async (mechanism) => {
    const { result } = await attempt(user(mechanism, CANARY));
    expect(result).toMatchObject({
      code: 'KAFKA_SASL',
      kafka: { code: 58, name: 'SASL_AUTHENTICATION_FAILED' },
      message: `KAFKA_SASL: broker kafka:9092: user user is not accepted by ${mechanism.toUpperCase()}: Authentication failed`,
    });
    expect(inspect(result, { depth: 9, showHidden: true })).not.toContain(CANARY);
  });

  it('tells a token that is refused, for which kafkajs has no eye', async () => {
    const sasl: Sasl = { mechanism: 'oauthbearer', token: () => of(CANARY) };
    const { result, fake } = await attempt(sasl, { challenge: '{"status":"invalid_token"}' });
    expect(result).toMatchObject({ code: 'KAFKA_SASL', message: expect.stringContaining('the token is not accepted') });
    expect(fake.messages.at(-1)).toBe('\u0001');
    expect(inspect(result, { depth: 9, showHidden: true })).not.toContain(CANARY);
  });

  it.each([
    ['fails', () => Promise.reject(new Error(`no ${CANARY}`))],
    [
      'throws',
      () => {
        throw new Error(CANARY);
      },
    ],
    ['gives none', () => []],
  ])('tells of a token provider that %s', async (_, token) => {
    const { result } = await attempt({ mechanism: 'oauthbearer', token });
    expect(result).toMatchObject({ code: 'KAFKA_SASL', message: expect.stringContaining('token') });
    expect(`${result}`).not.toContain(CANARY);
  });

  it('tells which mechanisms there are instead', async () => {
    const { result } = await attempt(user('plain'), { mechanisms: ['SCRAM-SHA-256', 'GSSAPI'] });
    expect(result).toMatchObject({
      code: 'KAFKA_SASL_MECHANISM',
      message: 'KAFKA_SASL_MECHANISM: broker kafka:9092: PLAIN is not offered, but SCRAM-SHA-256, GSSAPI',
    });
  });

  it.each([
    ['cannot sign', { flaw: 'signature' }, 'server signature'],
    ['has another nonce', { flaw: 'nonce' }, 'nonce'],
    ['does not speak SCRAM', { flaw: 'grammar' }, 'failed'],
    ['asks for few iterations', { iterations: 10 }, '4096'],
    ['asks for millions of iterations', { iterations: 2_000_000_000 }, 'too many'],
  ] as const)('refuses a broker that %s', async (_, options, text) => {
    const { result } = await attempt(user('scram-sha-256'), options);
    expect(result).toMatchObject({ code: 'KAFKA_SASL_BROKER', message: expect.stringContaining(text) });
  });

  it('tells why from a broker that closes the connection as soon as it has said so', async () => {
    const options = { password: 'other' };
    const fake = new FakeSasl(options);
    const broker = new FakeBroker((request) => {
      fake.answer(request);
      if (fake.messages.length > 0) request.stream.end();
    });
    const error = await new Promise((resolve) => {
      connect(broker.exit, ADDRESS, { sasl: user('plain') }).subscribe({ error: resolve });
    });
    expect(error).toMatchObject({ code: 'KAFKA_SASL' });
  });

  it('gives up a broker that stops to answer', async () => {
    const broker = new FakeBroker();
    const clock = new Clock();
    let error: unknown;
    connect(broker.exit, ADDRESS, { sasl: user('plain'), scheduler: clock }).subscribe({
      error: (thrown) => {
        error = thrown;
      },
    });
    await until(() => broker.asked.length === 1);
    clock.advance(30_000);
    await until(() => error !== undefined);
    expect(error).toMatchObject({ code: 'KAFKA_TIMEOUT', message: expect.stringContaining('SaslHandshake') });
  });
});

describe('a session that ends (KIP-368)', () => {
  const tokens = { count: 0 };
  const sasl: Sasl = {
    mechanism: 'oauthbearer',
    token: () => {
      tokens.count += 1;
      return of(`token ${tokens.count}`);
    },
  };

  it('is renewed in time, with a new token, while what is in flight is answered and the rest waits', async () => {
    const { others, clock, result, fake, serve, ended } = await attempt(sasl, { lifetime: 10_000n });
    const connection = result as Connection;
    const answered: number[] = [];
    const ask = (number: number) =>
      connection.request(metadata, { topics: [] }).subscribe({ complete: () => void answered.push(number) });
    ask(1);
    clock.advance(8_499);
    await turn();
    expect(fake.messages).toHaveLength(1);
    clock.advance(1);
    ask(2);
    await turn();
    expect(others).toHaveLength(1);
    serve(METADATA);
    await until(() => answered.length === 1 && others.length === 2);
    expect(fake.messages).toHaveLength(2);
    expect(fake.messages[1]).not.toBe(fake.messages[0]);
    serve(METADATA);
    expect(answered).toEqual([1, 2]);
    for (let session = 3; session < 6; session += 1) {
      clock.advance(8_500);
      await until(() => fake.messages.length === session);
    }
    expect(ended()).toBeUndefined();
  });

  it('ends the connection, and says why, if it is not renewed', async () => {
    const options = { lifetime: 10_000n, challenge: '' };
    const { others, clock, result, serve, ended } = await attempt(sasl, options);
    let error: unknown;
    (result as Connection).request(metadata, { topics: [] }).subscribe({
      error: (thrown) => {
        error = thrown;
      },
    });
    serve(METADATA);
    options.challenge = '{"status":"invalid_token"}';
    clock.advance(8_500);
    (result as Connection).request(metadata, { topics: [] }).subscribe({
      error: (thrown) => {
        error = thrown;
      },
    });
    await until(() => error !== undefined);
    expect(others).toHaveLength(1);
    expect(error).toMatchObject({
      code: 'KAFKA_SASL',
      message: expect.stringContaining('broker kafka:9092, Metadata: the token'),
    });
    expect(ended()).toMatchObject({ code: 'KAFKA_SASL' });
  });
});

/** A Metadata response of nothing: its header's tags, then its body. */
const METADATA = Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0]);

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
