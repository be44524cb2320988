import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type SecureContext } from 'node:tls';
import { Observable, type SchedulerLike } from 'rxjs';
import { emitter } from '../emitter.ts';
import { SluiceError } from '../errors.ts';
import { listen } from '../listen.ts';
import type { Net, NetBegin, NetLane } from '../protocol/net.ts';
import type { Binding } from '../protocol.ts';
import type { Opened } from './dial.ts';
import { closed, FrameDuplex } from './frame-duplex.ts';
import { distrust } from './tls-anchors.ts';
import { handshakeFault, secureFault } from './tls-faults.ts';

export interface HandshakeOptions {
  readonly context: SecureContext;
  /** The host to ask for and to verify: a name or an address. */
  readonly host: string;
  /** Trusted certificates that the context cannot take for those that signed another. */
  readonly anchors: readonly X509Certificate[];
  /** Whether to go on with a server that cannot be verified. */
  readonly insecure: boolean;
  readonly alpn: readonly string[] | undefined;
  readonly window: number;
  /** How long the handshake may take, connecting included, in milliseconds. */
  readonly patience: number;
  readonly scheduler: SchedulerLike;
}

/**
 * A TLS connection, as a client, over one stream of `exit`. Completes when that stream is over; errors with the fault
 * of the handshake, or of the stream below it.
 */
export const secureClient = (
  exit: Binding<Net>,
  begin: NetBegin,
  { context, host, anchors, insecure, alpn, window, patience, scheduler }: HandshakeOptions,
): Observable<Opened> =>
  new Observable((out) => {
    const duplex = new FrameDuplex(window);
    let exitOver = false;
    let socketOver = false;
    const initial = emitter<NetLane>(begin, (wake, lane) => duplex.start(wake, lane), scheduler);
    const socket = connect({
      socket: duplex,
      host,
      ...(isIP(host) === 0 && { servername: host }),
      secureContext: context,
      rejectUnauthorized: !insecure && anchors.length === 0,
      ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
    });
    const fail = (error: Error): void => {
      out.error(duplex.fault ?? (error instanceof SluiceError ? error : handshakeFault(host, error)));
    };
    const slow = new SluiceError('TLS_TIMEOUT', `${host} did not finish the handshake within ${patience} ms`);
    const timer = scheduler.schedule(() => fail(slow), patience);
    out.add(timer);
    out.add(() => socket.on('error', () => {}).destroy());
    const gone = (): void => fail(new SluiceError('TLS_HANDSHAKE', `${host} closed the connection in the handshake`));
    // Were the stream below merely destroyed, TLS would take that for its end.
    duplex.once('fault', () => socket.destroy(closed));
    socket.on('error', fail).once('close', gone);
    socket.once('close', () => {
      socketOver = true;
      duplex.fail(closed);
      if (exitOver) out.complete();
    });
    socket.once('secureConnect', () => {
      const reason = insecure ? undefined : distrust(socket, host, anchors, scheduler.now());
      if (reason !== undefined) return fail(Object.assign(new Error(), { code: reason }));
      timer.unsubscribe();
      socket.off('error', fail).off('close', gone);
      const { alpnProtocol } = socket;
      out.next({
        stream: socket,
        begin: { ...duplex.begin, authority: host, ...(alpnProtocol && { alpn: alpnProtocol }) },
        explain: (error) => duplex.fault ?? secureFault(host, error),
      });
    });
    listen(exit(initial), out, {
      next: (frame) => duplex.next(frame),
      complete() {
        exitOver = true;
        duplex.complete();
        if (socketOver) out.complete();
      },
    });
  });
