import oauthBearer from 'kafkajs/src/broker/saslAuthenticator/oauthBearer.js';
import plain from 'kafkajs/src/broker/saslAuthenticator/plain.js';
import scram256 from 'kafkajs/src/broker/saslAuthenticator/scram256.js';
import scram512 from 'kafkajs/src/broker/saslAuthenticator/scram512.js';
import protocol from 'kafkajs/src/protocol/requests/index.js';
import { defer } from 'rxjs';
import type { Answer, Api } from './requests/api.ts';

/** The mechanisms there are, as Kafka names them. */
export type Mechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER';

const authenticators: Readonly<Record<Mechanism, typeof plain>> = {
  PLAIN: plain,
  'SCRAM-SHA-256': scram256,
  'SCRAM-SHA-512': scram512,
  OAUTHBEARER: oauthBearer,
};

/**
 * Goes through a mechanism, each message through `send`, which answers the broker's. Rejects with what `send` does, its
 * message in another, or where the broker broke the rules: a SCRAM server has to prove that it knows the password.
 *
 * @param credentials `username` and `password`, or `oauthBearerProvider`, which answers `{ value }`, the token
 */
export const saslExchange = (
  mechanism: Mechanism,
  credentials: object,
  send: (bytes: Uint8Array) => Promise<Uint8Array>,
): Promise<void> =>
  authenticators[mechanism](credentials)({
    host: '',
    port: 0,
    logger: { debug() {}, error() {} },
    async saslAuthenticate({ request, response }) {
      const answer = await send(withoutSize(await request.encode()));
      return response?.parse(await response.decode(withSize(answer)));
    },
  }).authenticate();

const SIZE = 4;

/** What kafkajs answers of something that may have failed. */
export interface Failed {
  errorCode: number;
  errorMessage?: string | null;
}

/** What kafkajs answers where a broker may throttle. */
export interface Throttled {
  clientSideThrottleTime: number;
}

interface Definition<Q, R, D> {
  readonly key: number;
  readonly name: string;
  /** How kafkajs calls it, if otherwise. */
  readonly kafkajs?: string;
  readonly version: number;
  request(body: Q): object;
  answer(decoded: D): R;
}

/** An api whose codec is kafkajs's; its errors are left to be told one by one, which its `parse` does not do. */
export function kafkajsApi<Q, R extends Answer, D>({
  key,
  name,
  kafkajs = name,
  version,
  request,
  answer,
}: Definition<Q, R, D>): Api<Q, R> {
  const codec = (body: object) => protocol.requests[kafkajs]!.protocol({ version })(body);
  return {
    key,
    name,
    versions: [version, version],
    flexible: Number.POSITIVE_INFINITY,
    encode: (_, body) => defer(async () => [(await codec(request(body)).request.encode()).buffer]),
    decode: (_, bytes) => defer(async () => answer((await codec({}).response.decode(checked(bytes))) as D)),
  };
}

/** More than any number in a response that kafkajs reads: brokers, ports, milliseconds of throttling, items. */
const MOST = 1 << 20;

/**
 * Bytes for kafkajs's decoders, which neither look whether what they slice is there nor doubt a count that they make
 * room for: a slice that would be too short throws, and so does a 32-bit number of more than a million.
 */
function checked(bytes: Uint8Array): Buffer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const slice = (start = 0, end = buffer.length): Buffer => {
    if (start > end || end > buffer.length) throw new RangeError(`bytes ${start} to ${end} of ${buffer.length}`);
    return buffer.subarray(start, end);
  };
  const readInt32BE = (at: number): number => {
    const value = Buffer.prototype.readInt32BE.call(buffer, at);
    if (value > MOST) throw new RangeError(`${value} at byte ${at}`);
    return value;
  };
  return Object.assign(buffer, { slice, readInt32BE });
}

/** Bytes behind their length, as kafkajs wants those of SASL. */
export function withSize(bytes: Uint8Array): Buffer {
  const size = Buffer.alloc(SIZE);
  size.writeInt32BE(bytes.byteLength);
  return Buffer.concat([size, bytes]);
}

/** The bytes behind a length. */
export const withoutSize = (sized: Buffer): Buffer => sized.subarray(SIZE);
