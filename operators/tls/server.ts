import { catchError, concatMap, EMPTY, Observable, type SchedulerLike, Subscriber } from 'rxjs';
import { emit } from '../../src/emitter.ts';
import { type Fault, positive } from '../../src/errors.ts';
import type { Frame } from '../../src/frame.ts';
import { listen } from '../../src/listen.ts';
import { closed, FrameDuplex } from '../../src/net/frame-duplex.ts';
import { serve } from '../../src/net/serve.ts';
import { place } from '../../src/net/sockets.ts';
import { secureFault } from '../../src/net/tls-faults.ts';
import { secureServer, serverOf, type TlsServerOptions } from '../../src/net/tls-server.ts';
import type { Net, NetBegin, NetLane } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';

export type { TlsServerOptions };

/**
 * Speaks TLS at its entry for the plain bytes at its exit. The exit's stream begins once the handshake is done, with
 * both endpoints, the `authority` that the client asked for by SNI and the `alpn` that was agreed on.
 *
 * A handshake that fails resets the initial lane and aborts the reply with TLS_PLAINTEXT, TLS_VERSION, TLS_ALPN,
 * TLS_CLIENT_CERTIFICATE, TLS_REFUSED, TLS_TIMEOUT or TLS_HANDSHAKE, and opens no stream.
 *
 * @throws SluiceError OPTION_INVALID, VAULT_ENTRY
 *
 * @example
 * const vault = filesystemVault({ keys: { type: 'pem', store: 'keys.pem' } });
 * tcpServer({ port: 7143 })(tlsServer({ vault, keys: ['example.org'] })(echo)).subscribe();
 */
export const tlsServer = (
  options: TlsServerOptions,
  scheduler: SchedulerLike = eventLoop,
): ((exit: Binding<Net>) => Binding<Net>) => {
  const { window = 128 * 1024, handshakeTimeout: patience = 10_000 } = options;
  const server = serverOf(options);
  positive('window', window);

  return (exit) => (initial) =>
    new Observable((out) => {
      const duplex = new FrameDuplex(window);
      let replied = false;
      let served = false;
      const settle = (): void => {
        if (replied && served) out.complete();
      };
      // The reply may end before the initial lane does; completing with it would take the initial lane down.
      const reply = new Subscriber<Frame<NetLane>>({
        next: (frame) => out.next(frame),
        error: (defect: unknown) => out.error(defect),
        complete() {
          replied = true;
          settle();
        },
      });
      const outlet = emit<NetLane>(reply, duplex, scheduler);
      duplex.start(() => outlet.wake(), reply);
      out.add(reply);

      const begun = (begin: NetBegin): void => {
        const peer = begin.remote === undefined ? 'the client' : place(begin.remote);
        const explain = (error?: Error): Fault => duplex.fault ?? secureFault(peer, error);
        const accepted = secureServer(server, duplex, peer, patience, options.sni, scheduler).pipe(
          catchError((fault: Fault) => {
            duplex.fail(fault);
            return EMPTY;
          }),
          concatMap((socket) => {
            const { servername, alpnProtocol } = socket;
            const agreed = {
              ...begin,
              secure: true,
              ...(servername && { authority: servername }),
              ...(alpnProtocol && { alpn: alpnProtocol }),
            };
            // Were the stream below merely destroyed, TLS would take that for its end.
            duplex.once('fault', () => socket.destroy(closed));
            return serve(socket, agreed, exit, { window, explain, scheduler });
          }),
        );
        outlet.begin(begin);
        listen(accepted, out, {
          next() {},
          complete() {
            served = true;
            duplex.fail(closed);
            settle();
          },
        });
      };

      listen(initial, out, {
        next(frame) {
          if (frame.kind === 'begin') begun(frame.ext);
          duplex.next(frame);
        },
        complete() {
          duplex.complete();
        },
      });
    });
};
