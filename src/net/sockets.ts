import { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { SchedulerLike } from 'rxjs';
import type { Endpoint, NetBegin } from '../protocol/net.ts';

/** Ends a stream at once; over TCP the peer sees a reset. */
export function cutOff(stream: Duplex): void {
  if (stream.destroyed) return;
  if (canReset(stream)) stream.resetAndDestroy();
  else stream.destroy();
}

const NOTHING = new Uint8Array();

/**
 * Calls `ended` unless the end that a stream has just come to is that of a connection which the peer has reset: node
 * gives one for the other if the reset came right behind bytes, and only a write brings the error out. On a stream that
 * cannot be written any more the two cannot be told apart.
 */
export function confirmEnd(stream: Readable, scheduler: SchedulerLike, ended: () => void): void {
  if (!isTcp(stream) || stream.writableEnded) ended();
  else if (stream.writableLength > 0) scheduler.schedule(ended);
  else stream.write(NOTHING, (error) => error ?? ended());
}

/** A socket can be reset neither before it is connected nor, without leaking its handle, while it is shutting down. */
const canReset = (stream: Duplex): stream is Socket =>
  isTcp(stream) && !stream.connecting && stream.writableEnded === stream.writableFinished;

const isTcp = (stream: Readable): stream is Socket => stream instanceof Socket && !(stream instanceof TLSSocket);

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
