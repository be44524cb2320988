import { env, graph } from 'sluice/graphs';

/** `proxy.yaml` in code. */
export default graph({
  name: 'proxy',
  bindings: {
    north_tcp_server: {
      type: 'tcp',
      kind: 'server',
      options: { host: '127.0.0.1', port: 7115 },
      exit: 'south_tls_client',
    },
    south_tls_client: {
      type: 'tls',
      kind: 'client',
      options: { sni: [env('PROXY_HOST')] },
      exit: 'south_tcp_client',
    },
    south_tcp_client: {
      type: 'tcp',
      kind: 'client',
      options: { host: env('PROXY_HOST'), port: env('PROXY_PORT') },
    },
  },
});
