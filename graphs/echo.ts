import { graph } from 'sluice/graphs';

/** `echo.yaml` in code. */
export default graph({
  name: 'echo',
  bindings: {
    north_tcp_server: {
      type: 'tcp',
      kind: 'server',
      options: { host: '127.0.0.1', port: 7114 },
      exit: 'north_echo_server',
    },
    north_echo_server: { type: 'echo', kind: 'server' },
  },
});
