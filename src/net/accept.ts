import { createServer, type Server, type Socket } from 'node:net';
import { Observable } from 'rxjs';
import type { Endpoint } from '../protocol/net.ts';
import { listenFault } from './faults.ts';
import { endpoint, place } from './sockets.ts';

export interface AcceptOptions {
  /** Where to listen; port 0 takes any that is free. */
  readonly at: readonly Endpoint[];
  /** Told what is bound, once everything is. */
  readonly listening: (bound: readonly Endpoint[]) => void;
  /** Told of a failure to accept, which ends nothing. */
  readonly report: (error: Error) => void;
}

/**
 * Sockets as they are accepted, half-open allowed and not reading yet. Subscribing listens and unsubscribing stops to;
 * it errors with SluiceError NET_LISTEN, and lets go of every port, if any of them cannot be had.
 */
export const accept = ({ at, listening, report }: AcceptOptions): Observable<Socket> =>
  new Observable((out) => {
    const bound: Endpoint[] = [];
    const listenAt = (wanted: Endpoint): void => {
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive: true });
      const close = (): void => void server.close();
      const refuse = (error: Error): void => out.error(listenFault(place(wanted), error));
      server
        .on('connection', (socket) => {
          if (out.closed) socket.destroy();
          else out.next(socket);
        })
        .once('error', refuse)
        .once('listening', () => {
          // A server that is closed while it still looks its name up listens all the same.
          if (out.closed) return close();
          server.off('error', refuse).on('error', report);
          bound.push(boundTo(server, wanted));
          if (bound.length === at.length) listening(bound);
        })
        .listen({ host: wanted.address, port: wanted.port });
      out.add(close);
    };
    for (const wanted of at) listenAt(wanted);
  });

function boundTo(server: Server, wanted: Endpoint): Endpoint {
  const address = server.address();
  return typeof address === 'object' && address !== null ? endpoint(address.address, address.port) : wanted;
}
