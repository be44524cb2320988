import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { Writer } from '../../../src/kafka/requests/writer.ts';
import type { Asked } from './fake-broker.ts';

export interface FakeSaslOptions {
  readonly mechanisms?: readonly string[];
  readonly password?: string;
  /** Of SCRAM. */
  readonly iterations?: number;
  /** What the broker does wrong. */
  readonly flaw?: 'signature' | 'nonce' | 'grammar';
  /** Of a session, in milliseconds; 0 by default, for ever. */
  readonly lifetime?: bigint;
  /** What is answered to a first OAUTHBEARER message. */
  readonly challenge?: string;
}

const SALT = Buffer.from('salt of the earth');

/** The broker's side of SASL, written from RFC 5802, RFC 4616 and RFC 7628. Answers what is asked of it. */
export class FakeSasl {
  /** The messages of the client. */
  readonly messages: string[] = [];
  readonly #options: FakeSaslOptions;
  #mechanism = '';
  #first: { bare: string; server: string } | undefined;

  constructor(options: FakeSaslOptions = {}) {
    this.#options = options;
  }

  /** Whether it took the request; others are not its own. */
  answer(request: Asked): boolean {
    const { mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] } = this.#options;
    const body = request.bytes.subarray(10 + request.bytes.readInt16BE(8));
    if (request.key === 17) {
      this.#mechanism = body.toString('utf8', 2);
      this.#first = undefined;
      const to = new Writer(false);
      to.int16(mechanisms.includes(this.#mechanism) ? 0 : 33);
      to.array(mechanisms, (name) => to.string(name));
      request.stream.answer(request, Buffer.concat(to.finish()));
    } else if (request.key === 36) {
      const message = body.toString('utf8', 4);
      this.messages.push(message);
      const said = this.#step(message);
      const to = new Writer(false);
      to.int16(said === undefined ? 58 : 0);
      to.string(said === undefined ? 'Authentication failed' : null);
      to.pieces([Buffer.from(said ?? '')]);
      to.int64(this.#options.lifetime ?? 0n);
      request.stream.answer(request, Buffer.concat(to.finish()));
    }
    return request.key === 17 || request.key === 36;
  }

  /** What is answered to a message; `undefined` for a refusal. */
  #step(message: string): string | undefined {
    const { password = 'secret', challenge = '' } = this.#options;
    if (this.#mechanism === 'PLAIN') return message === `\0user\0${password}` ? '' : undefined;
    if (this.#mechanism === 'OAUTHBEARER') return message === '\u0001' ? undefined : challenge;
    return this.#first === undefined ? this.#greet(message) : this.#prove(message, this.#first);
  }

  #greet(message: string): string {
    const { iterations = 4096, flaw } = this.#options;
    const bare = message.replace(/^n,,/, '');
    const nonce = flaw === 'nonce' ? 'another' : `${/r=(.*)$/.exec(bare)?.[1]}+server`;
    if (flaw === 'grammar') return 'what?';
    const server = `r=${nonce},s=${SALT.toString('base64')},i=${iterations}`;
    this.#first = { bare, server };
    return server;
  }

  #prove(message: string, { bare, server }: { bare: string; server: string }): string | undefined {
    const { password = 'secret', iterations = 4096, flaw } = this.#options;
    const hash = this.#mechanism.endsWith('512') ? 'sha512' : 'sha256';
    const hmac = (key: Uint8Array, text: string): Buffer => createHmac(hash, key).update(text).digest();
    const [, withoutProof, proof] = /^(.*),p=(.*)$/.exec(message) as unknown as [string, string, string];
    const salted = pbkdf2Sync(password, SALT, iterations, hash === 'sha512' ? 64 : 32, hash);
    const signed = `${bare},${server},${withoutProof}`;
    const clientKey = hmac(salted, 'Client Key');
    const mask = hmac(createHash(hash).update(clientKey).digest(), signed);
    const expected = Buffer.from(clientKey.map((byte, index) => byte ^ (mask[index] as number))).toString('base64');
    if (proof !== expected) return undefined;
    const signature = hmac(hmac(salted, 'Server Key'), signed);
    return `v=${flaw === 'signature' ? 'AAAA' : signature.toString('base64')}`;
  }
}
