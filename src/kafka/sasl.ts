import { firstValueFrom, from, type Observable, type ObservableInput, switchMap } from 'rxjs';
import { KafkaError } from '../protocol/kafka-error.ts';
import { kafkaErrorOf, NONE } from './kafka-errors.ts';
import { type Mechanism, saslExchange } from './kafkajs.ts';
import type { Answer, Api } from './requests/api.ts';
import { saslAuthenticate, saslHandshake } from './requests/sasl.ts';

/** How a client shows who it is. */
export type Sasl = (
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | {
      readonly mechanism: 'oauthbearer';
      /** Answers a token, each time that one is needed. */
      readonly token: () => ObservableInput<string>;
    }
) & {
  /** Whether it shows somebody else than this graph itself, who is to be told of wrong credentials by a code of their own. */
  readonly onBehalf?: true;
};

/** Sends a request on the connection that is to be authenticated. */
export type Ask = <Q, R extends Answer>(api: Api<Q, R>, body: Q) => Observable<R>;

/** More rounds of PBKDF2 than any broker has reason to ask for: each attempt would keep a thread busy for seconds. */
const MOST_ITERATIONS = 1_000_000;

/** What an OAUTHBEARER client says to be told why its token was refused (RFC 7628, section 3.2.3). */
const GO_ON = Buffer.from('\u0001');

/**
 * Authenticates, for the first time or again; emits for how many milliseconds it holds, 0 for ever (KIP-368). Errors
 * with KAFKA_SASL_MECHANISM, KAFKA_SASL, KAFKA_IDENTITY or KAFKA_SASL_BROKER, none of which has a secret in it, or as `ask` does.
 */
export const authenticate = (sasl: Sasl, ask: Ask): Observable<number> => {
  const mechanism = sasl.mechanism.toUpperCase() as Mechanism;
  return ask(saslHandshake, { mechanism }).pipe(
    switchMap(({ error, mechanisms }) => {
      if (error === NONE) return from(exchange(sasl, mechanism, ask));
      const offers = mechanisms.length === 0 ? 'none' : mechanisms.join(', ');
      throw new KafkaError('KAFKA_SASL_MECHANISM', `${mechanism} is not offered, but ${offers}`);
    }),
  );
};

/** The messages of the mechanism; the library that writes and checks them has promises. */
async function exchange(sasl: Sasl, mechanism: Mechanism, ask: Ask): Promise<number> {
  const who = 'username' in sasl ? `user ${sasl.username}` : 'the token';
  let lifetime = 0;
  let last: Uint8Array = new Uint8Array();
  let failure: unknown;
  const send = async (bytes: Uint8Array): Promise<Uint8Array> => {
    try {
      const answer = await firstValueFrom(ask(saslAuthenticate, { bytes }));
      if (answer.error !== NONE) {
        const why = answer.message ?? kafkaErrorOf(answer.error).name;
        const code = sasl.onBehalf ? 'KAFKA_IDENTITY' : 'KAFKA_SASL';
        throw new KafkaError(code, `${who} is not accepted by ${mechanism}: ${why}`, {
          kafka: kafkaErrorOf(answer.error),
        });
      }
      lifetime = answer.lifetimeMs;
      last = answer.bytes;
      if (mechanism.startsWith('SCRAM')) limitIterations(last);
      return last;
    } catch (thrown) {
      failure = thrown;
      throw thrown;
    }
  };
  const token = async (): Promise<{ value: string }> => {
    try {
      return { value: await firstValueFrom(from('token' in sasl ? sasl.token() : [])) };
    } catch (thrown) {
      failure = new KafkaError('KAFKA_SASL', 'the token provider failed', { cause: thrown });
      throw failure;
    }
  };
  const credentials =
    'username' in sasl ? { username: sasl.username, password: sasl.password } : { oauthBearerProvider: token };
  try {
    await saslExchange(mechanism, credentials, send);
    // kafkajs takes any answer to a token for consent; what is not empty is a refusal.
    if (mechanism === 'OAUTHBEARER' && last.length > 0) await send(GO_ON);
    return lifetime;
  } catch (thrown) {
    throw failure ?? new KafkaError('KAFKA_SASL_BROKER', (thrown as Error).message);
  }
}

function limitIterations(message: Uint8Array): void {
  const [, iterations] = /(?:^|,)i=(\d+)/.exec(Buffer.from(message).toString()) ?? [];
  if (Number(iterations) > MOST_ITERATIONS) {
    throw new KafkaError('KAFKA_SASL_BROKER', `SCRAM with ${iterations} iterations was asked for, which are too many`);
  }
}
