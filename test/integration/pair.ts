import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheClient } from '../../operators/kafka/cache-client.ts';
import { type CacheServerOptions, cacheServer } from '../../operators/kafka/cache-server.ts';
import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import { lawful } from '../../src/lawful.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import type { Binding } from '../../src/protocol.ts';
import type { Access } from '../broker/access.ts';
import { serversOf } from './judged.ts';

/** Directories of caches, removed together. */
export class Directories {
  readonly #root = mkdtempSync(join(tmpdir(), 'sluice-pair-'));

  of(name: string): string {
    return join(this.#root, name);
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/**
 * A cache pair before a cluster, both joints held to the laws. It lets go of its cache as soon as nobody reads.
 *
 * @param between what stands between the cache and the client of the cluster
 */
export function pairOf(
  access: Access,
  options: CacheServerOptions,
  between: (source: Binding<Kafka>) => Binding<Kafka> = (source) => source,
): Binding<Kafka> {
  const source = between(client(tcpClient(), { servers: serversOf(access), metadataMaxAge: 500 }));
  const server = cacheServer((initial) => source(initial).pipe(lawful('source')), {
    grace: 0,
    upkeepInterval: 500,
    ...options,
  });
  return cacheClient((initial) => server(initial).pipe(lawful('cache_server')), { grace: 1 });
}
