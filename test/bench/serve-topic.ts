import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type NetConnectOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Subscriber } from 'rxjs';
import { httpServer } from '../../operators/http/server.ts';
import { cacheClient } from '../../operators/kafka/cache-client.ts';
import { sseServer } from '../../operators/sse/server.ts';
import { sseKafkaProxy } from '../../operators/sse-kafka/proxy.ts';
import { tcpServer } from '../../operators/tcp/server.ts';
import { listen } from '../../src/listen.ts';
import { brokenFault } from '../../src/net/faults.ts';
import { serve } from '../../src/net/serve.ts';
import type { Net } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';
import type { CachedTopic } from './cached-topic.ts';

/** Where clients find a server. */
export interface Served {
  readonly tcp: NetConnectOpts;
  /** The same through a local socket: the kernel takes 0.2 MB there for a client that does not read, and 4 MB of TCP. */
  readonly local: NetConnectOpts;
  stop(): void;
}

/** A server of the events of a topic, by `/topic` and by `/topic/{key}`; it is patient with those that do not read. */
export async function serveTopic(topic: CachedTopic): Promise<Served> {
  const routes = [
    { when: [{ path: '/topic' }], with: { topic: 'topic' } },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how the format writes it
    { when: [{ path: '/topic/{key}' }], with: { topic: 'topic', filters: [{ key: '${params.key}' }] } },
  ];
  const kafka = cacheClient(topic.binding);
  const sse = httpServer({ writeTimeout: 600_000 })(sseServer()(sseKafkaProxy({ routes })(kafka)));
  const local = serveLocally(sse);
  return new Promise((resolve) => {
    const host = '127.0.0.1';
    const running = tcpServer({
      host,
      port: 0,
      drain: 0,
      onListening([bound]) {
        const stop = (): void => {
          running.unsubscribe();
          local.stop();
        };
        resolve({ tcp: { host, port: bound?.port ?? 0 }, local: { path: local.path }, stop });
      },
    })(sse).subscribe();
  });
}

function serveLocally(binding: Binding<Net>): { readonly path: string; stop(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const path = join(directory, 'socket');
  const life = new Subscriber<never>();
  const options = { window: 128 * 1024, explain: (error?: Error) => brokenFault(path, error), scheduler: eventLoop };
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    const connection = new Subscriber<never>({
      next() {},
      error: (defect: unknown) => console.error(defect),
      complete() {},
    });
    life.add(connection);
    // There is nothing to reset in a local socket.
    socket.resetAndDestroy = () => socket.destroy();
    listen(serve(socket, {}, binding, options), connection, { next() {} });
  }).listen({ path, backlog: 4_096 });
  return {
    path,
    stop() {
      life.unsubscribe();
      server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
