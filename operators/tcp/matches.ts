import { inNetwork } from '../../src/net/cidr.ts';
import { hasPort, type OneOrMore, type Port } from '../../src/net/ports.ts';
import { wildcard } from '../../src/net/wildcard.ts';
import type { NetBegin } from '../../src/protocol/net.ts';

/** When a route of a tcp binding takes a stream: all that is given must hold. */
export interface TcpWhen {
  /** The network of the destination, `10.0.0.0/8` or `fd00::/8`. */
  readonly cidr?: string;
  /** The name of the destination, `*` for any run of characters, letter case apart. */
  readonly authority?: string;
  /** The port of the destination: a port, a range such as `"9092-9094"`, or a list of both. */
  readonly port?: OneOrMore<Port>;
}

/**
 * Whether `when` takes a stream that begins with `begin`. The destination is the local end of an accepted connection,
 * and the remote end of one that is to be made. A name that is not resolved yet is in no network.
 *
 * @throws SluiceError OPTION_INVALID
 */
export function tcpMatches({ cidr, authority, port }: TcpWhen, begin: NetBegin): boolean {
  const destination = begin.local ?? begin.remote;
  return (
    (cidr === undefined || inNetwork(cidr, destination?.address)) &&
    (authority === undefined || wildcard(authority, begin.authority ?? destination?.address)) &&
    (port === undefined || hasPort(port, destination?.port))
  );
}
