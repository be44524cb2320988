import { graph } from 'sluice/graphs';

/** `embedded.yaml` in code. */
export default graph({
  name: 'embedded',
  bindings: {
    app: { type: 'kafka', kind: 'cache_client', exit: 'cache' },
    cache: { type: 'kafka', kind: 'cache_server', options: { bootstrap: ['items'] }, exit: 'log' },
    log: {
      type: 'kafka',
      kind: 'embedded',
      options: {
        topics: [{ name: 'items', partitions: 3, config: { 'cleanup.policy': 'compact' } }, { name: 'events' }],
      },
    },
  },
});
