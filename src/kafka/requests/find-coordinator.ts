import { type Failed, kafkajsApi, type Throttled } from '../kafkajs.ts';
import type { Answer } from './api.ts';

/** Which broker coordinates a group or a transactional id. */
export const findCoordinator = kafkajsApi<
  { readonly key: string; readonly of: 'group' | 'transaction' },
  Answer & {
    readonly error: number;
    readonly broker: { readonly id: number; readonly host: string; readonly port: number };
  },
  Throttled & Failed & { coordinator: { nodeId: number; host: string; port: number } }
>({
  key: 10,
  name: 'FindCoordinator',
  kafkajs: 'GroupCoordinator',
  version: 2,
  request: ({ key, of }) => ({ groupId: key, coordinatorType: of === 'group' ? 0 : 1 }),
  answer: ({ clientSideThrottleTime, errorCode, coordinator: { nodeId, host, port } }) => ({
    throttleMs: clientSideThrottleTime,
    error: errorCode,
    broker: { id: nodeId, host, port },
  }),
});
