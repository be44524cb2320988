import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Endpoint, NetBegin } from '../protocol/net.ts';

/** Ends a stream at once; over TCP the peer sees a reset. */
export function cutOff(stream: Duplex): void {
  if (stream.destroyed) return;
  if (stream instanceof Socket && !(stream instanceof TLSSocket) && !stream.connecting) stream.resetAndDestroy();
  else stream.destroy();
}

/** Both ends of a connected socket; `undefined` if it is gone already. */
export function endpoints({ localAddress, localPort, remoteAddress, remotePort }: Socket): NetBegin | undefined {
  if (localAddress === undefined || localPort === undefined) return undefined;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return { local: endpoint(localAddress, localPort), remote: endpoint(remoteAddress, remotePort) };
}

/** An endpoint; an IPv4 address that came mapped into IPv6 is given as IPv4. */
export const endpoint = (address: string, port: number): Endpoint => ({
  address: address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address,
  port,
});

/** How messages name an endpoint: `host:port`, `[::1]:port`. */
export const place = ({ address, port }: Endpoint): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
