import { BlockList, isIP } from 'node:net';
import { SluiceError } from '../../src/errors.ts';
import { hasPort, type OneOrMore, type Port } from '../../src/net/ports.ts';
import { wildcard } from '../../src/net/wildcard.ts';
import type { Endpoint, NetBegin } from '../../src/protocol/net.ts';

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
    (cidr === undefined || inNetwork(cidr, destination)) &&
    (authority === undefined || wildcard(authority, begin.authority ?? destination?.address)) &&
    (port === undefined || hasPort(port, destination?.port))
  );
}

function inNetwork(cidr: string, destination: Endpoint | undefined): boolean {
  const [network = '', bits = ''] = cidr.split('/');
  const family = isIP(network);
  if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) {
    throw new SluiceError('OPTION_INVALID', `cidr must be a network such as 10.0.0.0/8, not ${cidr}`);
  }
  if (destination === undefined || isIP(destination.address) !== family) return false;
  const networks = new BlockList();
  networks.addSubnet(network, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return networks.check(destination.address, family === 4 ? 'ipv4' : 'ipv6');
}
