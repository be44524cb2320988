import { spawn } from 'node:child_process';
import { type CompileOptions, compile, type GraphEvent } from '../../graphs/index.ts';
import { emitter } from '../../src/emitter.ts';
import type { Http } from '../../src/protocol/http.ts';
import type { Sse } from '../../src/protocol/sse.ts';
import type { Binding } from '../../src/protocol.ts';
import { AUDIENCE, ISSUER, signer, token } from '../src/guards/tokens.ts';
import { answering, curl } from '../src/net/http-peers.ts';
import { until } from '../src/net/peers.ts';

const key = signer('k1');

const yaml = `
name: guarded
guards:
  door:
    type: jwt
    options:
      issuer: ${ISSUER}
      audience: ${AUDIENCE}
      keys: [${JSON.stringify(key.jwk)}]
      challenge: 1
bindings:
  tcp:
    type: tcp
    kind: server
    options: { host: 127.0.0.1, port: 0 }
    exit: http
  sse:
    type: sse
    kind: server
    routes:
      - guarded: { door: [] }
        exit: news
  open:
    type: sse
    kind: server
    exit: news
  http:
    type: http
    kind: server
    options:
      authorization:
        door:
          credentials:
            headers: { authorization: "Bearer {credentials}" }
            query: { access_token: "{credentials}" }
            cookies: { token: "{credentials}" }
    routes:
      - when: [{ headers: { ":path": /events } }]
        exit: sse
      - when: [{ headers: { ":path": /behind } }]
        guarded: { door: [] }
        exit: open
      - when: [{ headers: { ":path": /open } }]
        exit: page
      - when: [{ headers: { ":path": "/any*" } }]
        guarded: { door: [] }
        exit: page
      - when: [{ headers: { ":path": /admin } }]
        guarded: { door: [admin, read] }
        exit: page
`;

/** Says who asks. */
const page: Binding<Http> = answering(() => [{ ':status': '200' }, 'page']);

/** A stream that stays open. */
const news: Binding<Sse> = () => emitter<Sse['reply']>(undefined, () => ({ pull: () => undefined }));

async function running(text: string, options: CompileOptions = {}) {
  const events: GraphEvent[] = [];
  const { port, stop } = await new Promise<{ port: number; stop: () => void }>((resolve, reject) => {
    const graph = compile(text, {
      bindings: { page, news },
      drain: 0,
      ...options,
      onEvent(event) {
        events.push(event);
        if (event.kind === 'listening') resolve({ port: event.at[0]?.port ?? 0, stop: () => started.unsubscribe() });
      },
    });
    const started = graph.run().subscribe({ error: reject });
  });
  const status = (path: string, ...args: string[]): Promise<string> =>
    curl('-o', '/dev/null', '-w', '%{http_code}', ...args, `http://127.0.0.1:${port}${path}`);
  return { events, stop, status, url: `http://127.0.0.1:${port}` };
}

const bearer = (shown: string): string[] => ['-H', `Authorization: Bearer ${shown}`];

describe('a graph with a guard', () => {
  it('answers with the right status for each route and token', async () => {
    const { status, stop, url, events } = await running(yaml);
    const expired = await token(key, { exp: 1, scope: 'admin read' });
    const wrong = await token(signer('k1'), { scope: 'admin read' });
    const reader = await token(key, { scope: 'read' });
    const admin = await token(key, { scope: 'read admin' });
    const table: Record<string, string[]> = {};
    for (const path of ['/open', '/any', '/admin', '/none']) {
      table[path] = [await status(path)];
      for (const shown of [wrong, expired, reader, admin]) table[path]?.push(await status(path, ...bearer(shown)));
    }
    const asked = await curl('-D', '-', `${url}/any`);
    const elsewhere = [await status(`/any?access_token=${reader}`), await status('/any', '-b', `token=${reader}`)];
    stop();

    expect(table).toEqual({
      //          none, wrong, expired, reader, admin
      '/open': ['200', '200', '200', '200', '200'],
      '/any': ['401', '401', '401', '200', '200'],
      '/admin': ['401', '401', '401', '403', '200'],
      '/none': ['404', '404', '404', '404', '404'],
    });
    expect(asked.toLowerCase()).toContain('\r\nwww-authenticate: bearer\r\n');
    expect(elsewhere).toEqual(['200', '200']);
    const told = events.flatMap((event) => (event.kind === 'guard' ? [event.fault.message] : []));
    expect(new Set(told)).toEqual(
      new Set(['GUARD_REFUSED: the signature of the token is wrong', 'GUARD_REFUSED: the token has expired']),
    );
  });

  it.each([
    ['before', '/events'],
    ['behind', '/behind'],
  ])(
    'sends a challenge to who listens, lets it answer, and ends the stream once it does not: an sse server %s the guard',
    async (_, path) => {
      const { status, stop, url } = await running(yaml);
      const soon = (seconds: number): Promise<string> => token(key, { exp: Math.floor(Date.now() / 1_000) + seconds });
      const heard = { text: '', code: undefined as number | null | undefined };
      const listening = spawn('curl', ['-sSN', '-H', `Authorization: Bearer ${await soon(3)}`, `${url}${path}`]);
      listening.stdout.on('data', (chunk) => {
        heard.text += chunk;
      });
      listening.once('close', (code) => {
        heard.code = code;
      });
      await until(() => /challenge\ndata:.*\n\n/.test(heard.text));
      const { method, headers } = JSON.parse(/data:(\{.*\})/.exec(heard.text)?.[1] ?? '');
      const sent = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
      const answered = await status(path, '-X', method, ...sent, ...bearer(await soon(5)));
      await until(() => heard.code !== undefined);
      stop();

      expect(answered).toBe('204');
      // The end is a clean one, and the answer put it off: until the new token, too, was about to expire.
      expect(heard.code).toBe(0);
      expect(heard.text.split('event:challenge')).toHaveLength(3);
    },
  );
});
