import { env, graph } from 'sluice/graphs';

/** `cache.yaml` in code. */
export default graph({
  name: 'cache',
  bindings: {
    app: { type: 'kafka', kind: 'cache_client', exit: 'south_cache_server' },
    south_cache_server: { type: 'kafka', kind: 'cache_server', exit: 'south_kafka_client' },
    south_kafka_client: {
      type: 'kafka',
      kind: 'client',
      options: { servers: [env('KAFKA_BOOTSTRAP_SERVER')] },
      exit: 'south_tcp_client',
    },
    south_tcp_client: { type: 'tcp', kind: 'client' },
  },
});
