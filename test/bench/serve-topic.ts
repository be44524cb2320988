import { httpServer } from '../../operators/http/server.ts';
import { cacheClient } from '../../operators/kafka/cache-client.ts';
import { sseServer } from '../../operators/sse/server.ts';
import { sseKafkaProxy } from '../../operators/sse-kafka/proxy.ts';
import { tcpServer } from '../../operators/tcp/server.ts';
import type { CachedTopic } from './cached-topic.ts';

/** A server of the events of a topic, by `/topic` and by `/topic/{key}`; it is patient with those that do not read. */
export async function serveTopic(topic: CachedTopic): Promise<{ readonly port: number; stop(): void }> {
  const routes = [
    { when: [{ path: '/topic' }], with: { topic: 'topic' } },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how the format writes it
    { when: [{ path: '/topic/{key}' }], with: { topic: 'topic', filters: [{ key: '${params.key}' }] } },
  ];
  const kafka = cacheClient(topic.binding);
  const sse = httpServer({ writeTimeout: 600_000 })(sseServer()(sseKafkaProxy({ routes })(kafka)));
  return new Promise((resolve) => {
    const running = tcpServer({
      host: '127.0.0.1',
      port: 0,
      drain: 0,
      onListening: ([bound]) => resolve({ port: bound?.port ?? 0, stop: () => running.unsubscribe() }),
    })(sse).subscribe();
  });
}
