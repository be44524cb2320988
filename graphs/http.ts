import { env, graph } from 'sluice/graphs';

/** `http.yaml` in code. */
export default graph({
  name: 'http',
  bindings: {
    north_tcp_server: {
      type: 'tcp',
      kind: 'server',
      options: { host: '127.0.0.1', port: 7114 },
      exit: 'north_http_server',
    },
    north_http_server: { type: 'http', kind: 'server', exit: 'north_http_kafka_mapping' },
    north_http_kafka_mapping: {
      type: 'http-kafka',
      kind: 'proxy',
      // biome-ignore-start lint/suspicious/noTemplateCurlyInString: this is how the format writes expressions
      routes: [
        {
          when: [{ method: 'GET', path: '/items' }],
          exit: 'north_kafka_cache_client',
          with: { capability: 'fetch', topic: 'items', merge: { 'content-type': 'application/json' } },
        },
        {
          when: [{ method: 'GET', path: '/items/{id}' }],
          exit: 'north_kafka_cache_client',
          with: { capability: 'fetch', topic: 'items', filters: [{ key: '${params.id}' }] },
        },
        {
          when: [{ method: 'POST', path: '/items' }],
          exit: 'north_kafka_cache_client',
          with: { capability: 'produce', topic: 'items', key: '${idempotencyKey}' },
        },
        {
          when: [
            { method: 'PUT', path: '/items/{id}' },
            { method: 'DELETE', path: '/items/{id}' },
          ],
          exit: 'north_kafka_cache_client',
          with: { capability: 'produce', topic: 'items', key: '${params.id}' },
        },
        {
          when: [{ method: 'POST', path: '/events' }],
          exit: 'north_kafka_cache_client',
          with: { capability: 'produce', topic: 'events' },
        },
        {
          when: [
            { method: 'PUT', path: '/commands/{id}' },
            { method: 'GET', path: '/commands/{id};cid={correlationId}' },
          ],
          exit: 'north_kafka_cache_client',
          with: {
            capability: 'produce',
            topic: 'commands',
            key: '${params.id}',
            'reply-to': 'replies',
            async: { location: '/commands/${params.id};cid=${correlationId}' },
          },
        },
      ],
      // biome-ignore-end lint/suspicious/noTemplateCurlyInString: this is how the format writes expressions
    },
    north_kafka_cache_client: { type: 'kafka', kind: 'cache_client', exit: 'south_kafka_cache_server' },
    south_kafka_cache_server: {
      type: 'kafka',
      kind: 'cache_server',
      options: { bootstrap: ['items', 'replies'] },
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
