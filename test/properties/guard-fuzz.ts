import { inspect } from 'node:util';
import { compile, type GraphEvent } from '../../graphs/index.ts';
import { logTo, tell } from '../../src/cli/log.ts';
import { mutate, seeded } from '../integration/mutated.ts';
import { AUDIENCE, ISSUER, signer, token } from '../src/guards/tokens.ts';
import { exchanged, saying } from '../src/net/http-peers.ts';

export interface GuardFuzzResult {
  /** How many requests were answered with each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** What should not be. */
  readonly mistakes: readonly string[];
  /** Secrets that were found in a log, an event, a graph or an answer. */
  readonly shown: readonly string[];
  /** What a good token is answered afterwards. */
  readonly after: string;
}

const key = signer('k');
const PASSWORD = 'canary-password';
const paths = ['/open', '/any', '/admin', '/static'] as const;

const yaml = `
name: guarded
guards:
  door:
    type: jwt
    options: { issuer: "${ISSUER}", audience: "${AUDIENCE}", keys: [${JSON.stringify(key.jwk)}] }
  code:
    type: inline
    options: { identity: app, credentials: "${'$'}{{env.PASSWORD}}" }
bindings:
  tcp: { type: tcp, kind: server, options: { host: 127.0.0.1, port: 0 }, exit: http }
  http:
    type: http
    kind: server
    options:
      authorization:
        door: { credentials: { headers: { authorization: "Bearer {credentials}" }, query: { t: "{credentials}" } } }
        code: { credentials: { headers: { x-code: "{credentials}" } } }
    routes:
      - { when: [{ headers: { ":path": "/open*" } }], exit: page }
      - { when: [{ headers: { ":path": "/any*" } }], guarded: { door: [] }, exit: page }
      - { when: [{ headers: { ":path": "/admin*" } }], guarded: { door: [admin] }, exit: page }
      - { when: [{ headers: { ":path": "/static*" } }], guarded: { code: [] }, exit: page }
`;

/** What is shown, and what each of the paths is to answer; without a status, one is as good as another. */
interface Shown {
  readonly headers: string;
  readonly query: string;
  readonly secrets: readonly string[];
  readonly expected?: Readonly<Record<(typeof paths)[number], string>>;
}

const statuses = (any: string, admin: string, code: string): Required<Shown>['expected'] => ({
  '/open': '200',
  '/any': any,
  '/admin': admin,
  '/static': code,
});

/** Sends so many requests, with tokens and passwords good and bad, to a graph whose log is kept. */
export async function guardFuzz(rounds: number, seed: number): Promise<GuardFuzzResult> {
  let log = '';
  const err = (text: string): void => {
    log += text;
  };
  const logger = logTo({ err, isTerminal: false } as never);
  const events: GraphEvent[] = [];
  const graph = compile(yaml, {
    bindings: { page: saying('page') },
    env: { PASSWORD },
    drain: 0,
    onEvent(event) {
      events.push(event);
      tell(logger, event);
    },
  });
  const running = graph.run().subscribe();
  const port = await new Promise<number>((resolve) => {
    const look = (): void => {
      const listening = events.find((event) => event.kind === 'listening');
      if (listening?.kind === 'listening') resolve(listening.at[0]?.port ?? 0);
      else setTimeout(look, 2);
    };
    look();
  });

  const good = await token(key, { scope: 'read admin' });
  const expired = await token(key, { scope: 'admin', exp: 1 });
  const known: Shown[] = [
    { headers: '', query: '', secrets: [], expected: statuses('401', '401', '401') },
    { ...bearer(good), expected: statuses('200', '200', '401') },
    { ...bearer(await token(key, { scope: 'read' })), expected: statuses('200', '403', '401') },
    { ...bearer(expired), expected: statuses('401', '401', '401') },
    { ...bearer(await token(signer('k'), { scope: 'admin' })), expected: statuses('401', '401', '401') },
    { headers: '', query: `?t=${good}`, secrets: [good], expected: statuses('200', '200', '401') },
    { headers: `X-Code: ${PASSWORD}\r\n`, query: '', secrets: [PASSWORD], expected: statuses('401', '401', '200') },
    { headers: `X-Code: ${PASSWORD}x\r\n`, query: '', secrets: [PASSWORD], expected: statuses('401', '401', '401') },
  ];
  const counts: Record<string, number> = {};
  const mistakes: string[] = [];
  const secrets = new Set([PASSWORD, ...known.flatMap((shown) => shown.secrets)].flatMap(partsOf));
  const answers: string[] = [];

  const ask = async (path: string, { headers, query }: Shown): Promise<string> => {
    const answer = await exchanged(
      port,
      `GET ${path}${query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`,
    );
    answers.push(answer);
    return /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 'none';
  };
  const round = async (index: number): Promise<void> => {
    const random = seeded(seed + index);
    const path = paths[Math.floor(random() * paths.length)] as (typeof paths)[number];
    const chosen = random() < 0.5 ? (known[Math.floor(random() * known.length)] as Shown) : spoiled(good, random);
    const status = await ask(path, chosen);
    counts[status] = (counts[status] ?? 0) + 1;
    const expected = chosen.expected?.[path];
    if (expected !== undefined && status !== expected)
      mistakes.push(`round ${index}: ${path} is ${status}, not ${expected}`);
    // A token that was changed, if in the least, opens nothing.
    if (expected === undefined && status === '200' && path !== '/open')
      mistakes.push(`round ${index}: ${path} is open`);
    if (/^5/.test(status)) mistakes.push(`round ${index}: ${status}`);
  };
  for (let index = 0; index < rounds; index += 50) {
    await Promise.all(Array.from({ length: Math.min(50, rounds - index) }, (_, one) => round(index + one)));
  }
  const after = await ask('/admin', known[1] as Shown);
  running.unsubscribe();

  const told = [
    log,
    inspect(events, { depth: 20 }),
    inspect(graph, { depth: 20 }),
    JSON.stringify(graph.nodes),
    ...answers,
  ];
  const shown = [...secrets].filter((secret) => told.some((text) => text.includes(secret)));
  for (const event of events) if (event.kind === 'defect') mistakes.push(`a defect: ${event.defect}`);
  if (!log.includes('GUARD_REFUSED')) mistakes.push('nothing was told');
  return { statuses: counts, mistakes, shown, after };
}

const bearer = (shown: string): Omit<Shown, 'expected'> => ({
  headers: `Authorization: Bearer ${shown}\r\n`,
  query: '',
  secrets: [shown],
});

/** A secret, and the parts of it that must not be seen either: what is signed and the signature. */
const partsOf = (secret: string): string[] => (secret.includes('.') ? secret.split('.').slice(1) : [secret]);

/** A token of which a character or more is another. */
function spoiled(good: string, random: () => number): Shown {
  const bytes = Buffer.from(mutate(Buffer.from(good), random));
  const text = bytes.toString('latin1').replaceAll(/[^!-~]/g, '~');
  // The last character has bits that say nothing.
  return bearer(text.slice(0, -1) === good.slice(0, -1) ? good.slice(0, -4) : text);
}
