import { hasPort, type OneOrMore, type Port } from '../../src/net/ports.ts';
import { wildcard } from '../../src/net/wildcard.ts';
import type { NetBegin } from '../../src/protocol/net.ts';

/** When a route of a tls binding takes a stream: all that is given must hold. */
export interface TlsWhen {
  /** The host that was asked for by SNI, `*` for any run of characters, letter case apart. */
  readonly authority?: string;
  /** The application protocol that was agreed on. */
  readonly alpn?: string;
  /** The port of the destination: a port, a range such as `"9092-9094"`, or a list of both. */
  readonly port?: OneOrMore<Port>;
}

/**
 * Whether `when` takes a stream that begins with `begin`. The destination is the local end of an accepted connection,
 * and the remote end of one that is to be made. @throws SluiceError OPTION_INVALID
 */
export const tlsMatches = ({ authority, alpn, port }: TlsWhen, begin: NetBegin): boolean =>
  (authority === undefined || wildcard(authority, begin.authority)) &&
  (alpn === undefined || alpn === begin.alpn) &&
  (port === undefined || hasPort(port, (begin.local ?? begin.remote)?.port));
