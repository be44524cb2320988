import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { of } from 'rxjs';
import { compile, type GraphEvent } from '../../graphs/index.ts';
import { emitter } from '../../src/emitter.ts';
import { SluiceError } from '../../src/errors.ts';
import { abort, end } from '../../src/frame.ts';
import type { Http } from '../../src/protocol/http.ts';
import type { Sse } from '../../src/protocol/sse.ts';
import { events, SseBody } from '../../src/protocol/sse-events.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';
import { curl } from '../src/net/http-peers.ts';

const yaml = `
name: page
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
      access-control: { policy: cross-origin, max-age: 60 }
    routes:
      - when: [{ headers: { ":scheme": http, ":path": /events/* } }]
        exit: sse
      - when: [{ headers: { ":scheme": http } }]
        exit: files
  sse:
    type: sse
    kind: server
    options: { retry: 500 }
    routes:
      - when: [{ path: /events/* }]
        exit: news
  files:
    type: http-filesystem
    kind: proxy
    routes:
      - when: [{ path: "/{path}" }]
        exit: filesystem
        with: { path: "\${params.path}" }
  filesystem:
    type: filesystem
    kind: server
    options: { location: . }
`;

/** Two events, then the end. */
const news: Binding<Sse> = () =>
  emitter<Sse['reply']>(undefined, () => {
    const frames = [events([{ id: '1', body: new SseBody(Buffer.from('one')) }]), end()];
    return { pull: (balance) => (balance > 0 ? frames.shift() : undefined) };
  });

describe('a graph with http', () => {
  it('serves a page and the events beside it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-page-'));
    writeFileSync(join(directory, 'index.html'), '<p>page</p>');
    const running = await new Promise<{ port: number; stop: () => void }>((resolve, reject) => {
      const graph = compile(yaml, {
        bindings: { news },
        file: join(directory, 'page.yaml'),
        drain: 0,
        onEvent(event) {
          if (event.kind === 'listening') resolve({ port: event.at[0]?.port ?? 0, stop: () => started.unsubscribe() });
        },
      });
      const started = graph.run().subscribe({ error: reject });
    });
    const url = `http://127.0.0.1:${running.port}`;

    expect(await curl(`${url}/`)).toBe('<p>page</p>');
    expect(await curl(`${url}/events/a`)).toMatch(/^retry:\d+\n\nid:1\ndata:one\n\n$/);
    expect(await curl('-D', '-', '-H', 'Origin: http://other', `${url}/`)).toContain('access-control-allow-origin: *');
    expect(await curl('-o', '/dev/null', '-w', '%{http_code}', `${url}/nothing`)).toBe('404');
    running.stop();
    rmSync(directory, { recursive: true });
  });

  it('tells why it cannot answer, once a second at the most, and answers without a word of it', async () => {
    const told: GraphEvent[] = [];
    const secured = yaml.replace('exit: files', 'exit: down');
    const down: Binding<Http> = () => of(abort(new SluiceError('KAFKA_SASL', 'user me is not accepted by PLAIN')));
    const running = await new Promise<{ port: number; stop: () => void }>((resolve, reject) => {
      const graph = compile(secured, {
        bindings: { news, down },
        drain: 0,
        scheduler: { now: () => 0, schedule: eventLoop.schedule },
        onEvent(event) {
          if (event.kind === 'failed') told.push(event);
          if (event.kind === 'listening') resolve({ port: event.at[0]?.port ?? 0, stop: () => started.unsubscribe() });
        },
      });
      const started = graph.run().subscribe({ error: reject });
    });
    const answers = [1, 2].map(() => curl('-D', '-', `http://127.0.0.1:${running.port}/a`));
    for (const answer of await Promise.all(answers)) {
      expect(answer).toContain('HTTP/1.1 503');
      expect(answer).not.toContain('PLAIN');
    }
    expect(told).toMatchObject([{ kind: 'failed', binding: 'http', fault: { code: 'KAFKA_SASL' } }]);
    running.stop();
  });
});
