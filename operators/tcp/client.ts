import type { SchedulerLike } from 'rxjs';
import { positive } from '../../src/errors.ts';
import { splitAuthority } from '../../src/net/authority.ts';
import { connect } from '../../src/net/connect.ts';
import { dial } from '../../src/net/dial.ts';
import { hasPort, listOf, type OneOrMore, type Port, portsOf } from '../../src/net/ports.ts';
import type { Endpoint, Net, NetBegin } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';

export interface TcpClientOptions {
  /** The host to connect to, or several to try in order; by default the one that BEGIN asks for. */
  readonly host?: OneOrMore<string>;
  /** The port to connect to; of several, the one that BEGIN asks for, else the first. By default BEGIN's. */
  readonly port?: OneOrMore<Port>;
  /** How many bytes may wait for a slow peer, an integer >= 1; 128 KiB by default. */
  readonly window?: number;
  /** How long a host gets to answer, name lookup included, in milliseconds; 10,000 by default. */
  readonly connectTimeout?: number;
}

/**
 * Connects once for every stream: to `host` and `port`, or, where they are not given, to the `remote` or else the
 * `authority` of BEGIN. The initial lane is sent, with credit from when the connection stands; what the peer sends is
 * the reply. END is the half-close of a direction and ABORT resets the connection; the reply completes once both
 * directions are over.
 *
 * A connection that cannot be made resets the initial lane and aborts the reply with NET_TARGET, NET_LOOKUP,
 * NET_REFUSED, NET_UNREACHABLE, NET_TIMEOUT or NET_FAILED; one that breaks does with NET_RESET, NET_TIMEOUT,
 * NET_CLOSED or NET_FAILED.
 *
 * @throws SluiceError OPTION_INVALID
 *
 * @example
 * tcpServer({ port: 7114 })(tcpClient({ host: 'example.org', port: 80 })).subscribe();
 */
export const tcpClient = (options: TcpClientOptions = {}, scheduler: SchedulerLike = eventLoop): Binding<Net> => {
  const { window = 128 * 1024, connectTimeout = 10_000 } = options;
  positive('window', window);
  portsOf(options.port);
  return dial((begin) => connect(targets(options, begin), connectTimeout, scheduler), { window, scheduler });
};

/** The endpoints to try, in order. */
function targets({ host, port }: TcpClientOptions, { remote, authority }: NetBegin): readonly Endpoint[] {
  const named = authority === undefined ? undefined : splitAuthority(authority);
  const hosts = host === undefined ? listOf(remote?.address ?? named?.host) : listOf(host);
  const asked = remote?.port ?? named?.port;
  const chosen = port === undefined || (asked !== undefined && hasPort(port, asked)) ? asked : portsOf(port)[0];
  return chosen === undefined ? [] : hosts.map((address) => ({ address, port: chosen }));
}
