import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import { finalize, Observable } from 'rxjs';
import { compile, type GraphEvent } from '../../graphs/index.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import type { Net } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';
import { USERS } from '../broker/access.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeKafka } from '../broker/use-kafka.ts';

jest.setTimeout(120_000);

const yaml = (servers: string): string => `
name: identities
guards:
  claims:
    type: inline
    options:
      format: "{identity}:{credentials}"
bindings:
  tcp:
    type: tcp
    kind: server
    options: { host: 127.0.0.1, port: 0 }
    exit: http
  http:
    type: http
    kind: server
    options:
      authorization:
        claims:
          credentials:
            headers: { x-user: "{credentials}" }
    routes:
      - when: [{ headers: { ":path": "/events/*" } }]
        exit: sse
    exit: items
  sse:
    type: sse
    kind: server
    exit: events
  events:
    type: sse-kafka
    kind: proxy
    routes:
      - when: [{ path: "/events/{topic}" }]
        exit: kafka
        with: { topic: "\${params.topic}" }
  items:
    type: http-kafka
    kind: proxy
    routes:
      - when: [{ method: PUT, path: "/{topic}/{key}" }]
        exit: kafka
        with: { capability: produce, topic: "\${params.topic}", key: "\${params.key}" }
      - when: [{ method: GET, path: "/{topic}/{key}" }]
        exit: kafka
        with: { capability: fetch, topic: "\${params.topic}", filters: [{ key: "\${params.key}" }] }
  kafka:
    type: kafka
    kind: client
    options:
      servers: ["${servers}"]
      authorization:
        claims:
          credentials: { mechanism: plain, username: "{identity}", password: "{credentials}" }
    exit: out
`;

const as = ({ username, password }: { readonly username: string; readonly password: string }) => ({
  headers: { 'x-user': `${username}:${password}` },
});
const WRONG = { username: 'alice', password: 'canary-of-alice' };

describeKafka('a kafka client that shows brokers whom a stream is for', (kafka) => {
  let judge: Judge;
  let url: string;
  let open = 0;
  const events: GraphEvent[] = [];
  const stops: (() => void)[] = [];
  const counted: Binding<Net> = (initial) =>
    new Observable((out) => {
      open += 1;
      return tcpClient()(initial)
        .pipe(finalize(() => (open -= 1)))
        .subscribe(out);
    });

  beforeAll(async () => {
    judge = await openJudge(kafka.access);
    for (const user of ['alice', 'bob'] as const) {
      await judge.createTopic(`of-${user}`, { config: { 'cleanup.policy': 'compact' } });
      await judge.admin.createAcls({
        acl: [AclOperationTypes.READ, AclOperationTypes.WRITE].map((operation) => ({
          resourceType: AclResourceTypes.TOPIC,
          resourceName: `of-${user}`,
          resourcePatternType: ResourcePatternTypes.LITERAL,
          principal: `User:${user}`,
          host: '*',
          operation,
          permissionType: AclPermissionTypes.ALLOW,
        })),
      });
    }
    const at = await new Promise<number | undefined>((resolve, reject) => {
      const graph = compile(yaml(kafka.access.bootstrap.SASL_PLAINTEXT[0] as string), {
        bindings: { out: counted },
        drain: 0,
        onEvent(event) {
          events.push(event);
          if (event.kind === 'listening') resolve(event.at[0]?.port);
        },
      });
      const running = graph.run().subscribe({ error: reject });
      stops.push(() => running.unsubscribe());
    });
    url = `http://127.0.0.1:${at}`;
    await until(async () => {
      for (const user of [USERS.alice, USERS.bob]) {
        const { status } = await fetch(`${url}/of-${user.username}/first`, { method: 'PUT', body: 'x', ...as(user) });
        if (status !== 204) throw new Error(`the ACL of ${user.username} is not there: ${status}`);
      }
    });
  }, 120_000);
  afterAll(async () => {
    for (const stop of stops) stop();
    await judge?.close();
  });

  const put = (topic: string, key: string, who?: RequestInit): Promise<number> =>
    fetch(`${url}/${topic}/${key}`, { method: 'PUT', body: key, ...who }).then(({ status }) => status);

  it('writes and reads with the rights of each, however they come mixed', async () => {
    const asked = Array.from({ length: 60 }, (_, n) => ({
      user: n % 2 === 0 ? USERS.alice : USERS.bob,
      topic: n % 3 === 0 ? 'of-alice' : 'of-bob',
      key: `k${n}`,
    }));
    const statuses = await Promise.all(asked.map(({ user, topic, key }) => put(topic, key, as(user))));
    const mine = ({ user, topic }: (typeof asked)[number]): boolean => topic === `of-${user.username}`;
    expect(statuses).toEqual(asked.map((one) => (mine(one) ? 204 : 403)));
    for (const topic of ['of-alice', 'of-bob']) {
      const keys = (await judge.read(topic)).map(({ key }) => `${key}`).filter((key) => key !== 'first');
      expect(new Set(keys)).toEqual(
        new Set(asked.flatMap((one) => (mine(one) && one.topic === topic ? [one.key] : []))),
      );
    }
    const read = (topic: string, key: string, who: RequestInit) => fetch(`${url}/${topic}/${key}`, who);
    expect(await (await read('of-alice', 'k0', as(USERS.alice))).text()).toBe('k0');
    expect((await read('of-alice', 'k0', as(USERS.bob))).status).toBe(403);
    expect((await read('events', 'of-alice', as(USERS.bob))).status).toBe(403);
    const listening = new AbortController();
    const heard = await read('events', 'of-alice', { ...as(USERS.alice), signal: listening.signal });
    expect(heard.status).toBe(200);
    listening.abort();
  });

  it('answers wrong credentials, and none, with 401, tells nothing of them, and goes on for all others', async () => {
    const answers = await Promise.all([
      fetch(`${url}/of-alice/k`, as(WRONG)),
      fetch(`${url}/events/of-alice`, as(WRONG)),
      fetch(`${url}/of-alice/k`),
      fetch(`${url}/of-alice/first`, as(USERS.alice)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 200]);
    expect(answers.map(({ headers }) => headers.has('www-authenticate'))).toEqual([true, true, true, false]);
    const told = await Promise.all(answers.map((answer) => answer.text()));
    expect(JSON.stringify([told, events])).not.toMatch(/canary|-secret/);
  });

  it('has connections for each while it has streams, and for a while after', async () => {
    const streams = [USERS.alice, USERS.bob].map((user) => {
      const over = new AbortController();
      return { over, answer: fetch(`${url}/events/of-${user.username}`, { ...as(user), signal: over.signal }) };
    });
    for (const { answer } of streams) expect((await answer).status).toBe(200);
    expect(open).toBeGreaterThanOrEqual(2);
    for (const { over } of streams) over.abort();
    await until(async () => {
      if (open > 0) throw new Error(`${open} connections are open`);
    });
    expect(await put('of-bob', 'later', as(USERS.bob))).toBe(204);
  });
});
