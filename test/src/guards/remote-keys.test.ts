import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstValueFrom, VirtualTimeScheduler } from 'rxjs';
import { type Fault, isFault } from '../../../src/errors.ts';
import { jwtGuard } from '../../../src/guards/jwt.ts';
import { until } from '../net/peers.ts';
import { type Signer, signer, token } from './tokens.ts';

const [one, two] = [signer('one'), signer('two')];

/** A url with keys: what it answers can be changed while it runs. */
class Keys {
  readonly #server: Server;
  asked = 0;
  answer: RequestListener = () => {};

  private constructor() {
    this.#server = createServer((request, response) => {
      this.asked += 1;
      this.answer(request, response);
    });
  }

  static async of(...signers: Signer[]): Promise<Keys> {
    const keys = new Keys();
    keys.has(...signers);
    keys.#server.listen(0, '127.0.0.1');
    await once(keys.#server, 'listening');
    return keys;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys?secret=canary`;
  }

  has(...signers: Signer[]): void {
    this.says(JSON.stringify({ keys: [...signers.map(({ jwk }) => jwk), { kty: 'oct', k: 'AAAA', kid: 'secret' }] }));
  }

  says(text: string, status = 200): void {
    this.answer = (_, response) => void response.writeHead(status).end(text);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function guarding(url: string) {
  const clock = new VirtualTimeScheduler();
  const told: Fault[] = [];
  const guard = jwtGuard({ keys: url, onFault: (fault) => void told.push(fault) }, clock);
  /** Whom it recognises by a token, or the code of why it cannot say. */
  const identify = async (shown: string): Promise<string | undefined> => {
    try {
      return (await firstValueFrom(guard.identify(shown)))?.identity;
    } catch (thrown) {
      if (isFault(thrown)) return thrown.code;
      throw thrown;
    }
  };
  const pass = (ms: number): void => {
    clock.frame += ms;
  };
  return { identify, told, pass, clock };
}

describe('keys of a url', () => {
  it('are fetched on first need, once for all who wait, and kept', async () => {
    const keys = await Keys.of(one);
    const { identify, told, pass } = guarding(keys.url);
    const shown = await token(one);
    expect(keys.asked).toBe(0);

    expect(await Promise.all([identify(shown), identify(shown), identify(shown)])).toEqual(['alice', 'alice', 'alice']);
    pass(599_000);
    expect(await identify(shown)).toBe('alice');
    expect([keys.asked, told]).toEqual([1, []]);
    keys.stop();
  });

  it('are fetched again for one that is not among them, not too often', async () => {
    const keys = await Keys.of(one);
    const { identify, told, pass } = guarding(keys.url);
    const [first, second] = [await token(one), await token(two)];
    await identify(first);
    keys.has(one, two);

    expect(await identify(second)).toBeUndefined();
    expect(told.map(({ code }) => code)).toEqual(['GUARD_REFUSED']);
    pass(30_000);
    expect(await identify(second)).toBe('alice');
    expect(keys.asked).toBe(2);
    const stranger = await token(signer('three'));
    for (let times = 0; times < 5; times += 1) expect(await identify(stranger)).toBeUndefined();
    expect(keys.asked).toBe(2);
    keys.stop();
  });

  it('are fetched beside when they grow old, and a key that is gone counts no more', async () => {
    const keys = await Keys.of(one, two);
    const { identify, pass } = guarding(keys.url);
    const shown = await token(one);
    await identify(shown);
    keys.has(two);
    pass(600_001);

    expect(await identify(shown)).toBe('alice');
    while ((await identify(shown)) !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(keys.asked).toBe(2);
    keys.stop();
  });

  it('count on for a day while they cannot be fetched', async () => {
    const keys = await Keys.of(one);
    const { identify, told, pass } = guarding(keys.url);
    const shown = await token(one);
    await identify(shown);
    keys.says('', 500);
    pass(23 * 60 * 60 * 1_000);
    expect(await identify(shown)).toBe('alice');
    await until(() => told.length === 1);
    pass(2 * 60 * 60 * 1_000);

    expect(await identify(shown)).toBe('GUARD_UNAVAILABLE');
    keys.stop();
  });

  it.each<[string, (keys: Keys) => void, RegExp]>([
    ['nobody is there', (keys) => keys.stop(), /ECONNREFUSED/],
    ['the answer is a fault', (keys) => keys.says('', 503), /the answer is 503/],
    ['the answer is no JSON', (keys) => keys.says('<html>'), /not JSON/],
    ['the answer has no keys', (keys) => keys.says('{"keys":{}}'), /no keys/],
    ['the answer is another place', (keys) => redirecting(keys), /redirect/],
    ['the answer is too large', (keys) => keys.says(`"${'x'.repeat(2_000_000)}"`), /more than 1048576 bytes/],
  ])(
    'are told to be missing where %s, without what is secret in the url; and are there later',
    async (_, spoil, why) => {
      const keys = await Keys.of(one);
      const { url } = keys;
      const { identify, told, pass } = guarding(url);
      const shown = await token(one);
      spoil(keys);

      expect(await identify(shown)).toBe('GUARD_UNAVAILABLE');
      expect(await identify(shown)).toBe('GUARD_UNAVAILABLE');
      expect(told).toHaveLength(1);
      expect(told[0]?.message).toMatch(why);
      expect(told[0]?.message).toContain(`${new URL(url).origin}/keys`);
      expect(told[0]?.message).not.toContain('canary');
      keys.stop();
      const port = Number(new URL(url).port);
      const healed = createServer((_request, response) => void response.end(JSON.stringify({ keys: [one.jwk] })));
      healed.listen(port, '127.0.0.1');
      await once(healed, 'listening');
      pass(1_000);

      expect(await identify(shown)).toBe('alice');
      healed.close();
      healed.closeAllConnections();
    },
  );

  it('are waited for five seconds', async () => {
    const keys = await Keys.of(one);
    keys.answer = () => {};
    const { identify, told, clock } = guarding(keys.url);
    const answer = identify(await token(one));
    await until(() => keys.asked === 1);
    clock.maxFrames = 5_000;
    clock.flush();

    expect(await answer).toBe('GUARD_UNAVAILABLE');
    expect(told).toHaveLength(1);
    keys.stop();
  });
});

const redirecting = (keys: Keys): void => {
  keys.answer = (_, response) => void response.writeHead(302, { location: '/elsewhere' }).end();
};
