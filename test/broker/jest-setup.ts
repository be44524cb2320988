import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LEASE } from './access.ts';
import { type Cluster, startCluster } from './cluster.ts';

interface Run {
  readonly server: Server;
  cluster: Promise<Cluster> | undefined;
}

const RUN = Symbol.for('sluice.test.broker');

// Jest loads setup and teardown apart; all they share is the global object of their process.
const shared = globalThis as unknown as { [RUN]: Run };

/**
 * Jest's globalSetup: opens a door on 127.0.0.1 that starts the run's one cluster when a worker first asks.
 * A run that never asks starts no JVM.
 */
export default async function setup(): Promise<void> {
  const server = createServer((_, response) => void answer(run, response));
  const run: Run = { server, cluster: undefined };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env[LEASE] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  shared[RUN] = run;
}

/** Jest's globalTeardown: closes the door and stops the cluster, if there is one. */
export async function finish(): Promise<void> {
  const { server, cluster } = shared[RUN];
  server.close();
  server.closeAllConnections();
  await cluster?.then((running) => running.stop()).catch(() => {});
}

async function answer(run: Run, response: ServerResponse): Promise<void> {
  try {
    run.cluster ??= startCluster();
    const { bootstrap, tls } = await run.cluster;
    response.end(JSON.stringify({ bootstrap, tls }));
  } catch (error) {
    response.writeHead(500).end((error as Error).message);
  }
}
