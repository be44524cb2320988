import { SluiceError } from '../../src/errors.ts';
import { splitAuthority } from '../../src/net/authority.ts';
import type { Endpoint } from '../../src/protocol/net.ts';

/**
 * Servers as they are written: `host:port` or `[address]:port`, several of them in one with commas between, as Kafka's
 * own tools take them. There is no default port. @throws SluiceError OPTION_INVALID
 */
export function serversOf(written: readonly string[]): readonly Endpoint[] {
  return written
    .flatMap((list) => list.split(','))
    .map((server) => {
      const { host, port } = splitAuthority(server.trim());
      if (port !== undefined && port >= 1 && port <= 65_535) return { address: host, port };
      throw new SluiceError('OPTION_INVALID', `servers must each be host:port, not ${server.trim()}`);
    });
}
