// biome-ignore-all lint/suspicious/noTemplateCurlyInString: params of paths
import { env, graph } from 'sluice/graphs';

/** `sse.yaml` in code. */
export default graph({
  name: 'sse',
  bindings: {
    north_tcp_server: {
      type: 'tcp',
      kind: 'server',
      options: { host: '127.0.0.1', port: 7114 },
      exit: 'north_http_server',
    },
    north_http_server: {
      type: 'http',
      kind: 'server',
      options: { 'access-control': { policy: 'cross-origin' } },
      routes: [
        {
          when: [{ headers: { ':path': '/events' } }, { headers: { ':path': '/events/*' } }],
          exit: 'north_sse_server',
        },
      ],
    },
    north_sse_server: { type: 'sse', kind: 'server', exit: 'north_sse_kafka_mapping' },
    north_sse_kafka_mapping: {
      type: 'sse-kafka',
      kind: 'proxy',
      routes: [
        {
          when: [{ path: '/{topic}/{key}/{tag}' }],
          exit: 'north_cache_client',
          with: {
            topic: '${params.topic}',
            filters: [{ key: '${params.key}', headers: { tag: '${params.tag}' } }],
          },
        },
        { when: [{ path: '/{topic}' }], exit: 'north_cache_client', with: { topic: '${params.topic}' } },
      ],
    },
    north_cache_client: { type: 'kafka', kind: 'cache_client', exit: 'south_cache_server' },
    south_cache_server: {
      type: 'kafka',
      kind: 'cache_server',
      options: { bootstrap: ['events'] },
      exit: 'south_kafka_client',
    },
    south_kafka_client: {
      type: 'kafka',
      kind: 'client',
      options: { servers: [env('KAFKA_BOOTSTRAP_SERVER')] },
      exit: 'south_tcp_client',
    },
    south_tcp_client: { type: 'tcp', kind: 'client' },
  },
});
