import { env, graph } from 'sluice/graphs';

/** `client.yaml` in code. */
export default graph({
  name: 'client',
  bindings: {
    app: {
      type: 'kafka',
      kind: 'client',
      options: { servers: [env('KAFKA_BOOTSTRAP_SERVER')] },
      exit: 'south_tcp_client',
    },
    south_tcp_client: { type: 'tcp', kind: 'client' },
  },
});
