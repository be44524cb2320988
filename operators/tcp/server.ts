import { Observable, ReplaySubject, type SchedulerLike, Subscriber } from 'rxjs';
import { positive } from '../../src/errors.ts';
import { listen } from '../../src/listen.ts';
import { accept } from '../../src/net/accept.ts';
import { brokenFault } from '../../src/net/faults.ts';
import { listOf, type OneOrMore, type Port, portsOf } from '../../src/net/ports.ts';
import { serve } from '../../src/net/serve.ts';
import { endpoints, place } from '../../src/net/sockets.ts';
import type { Endpoint, Net } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';

export interface TcpServerOptions {
  /** The address or name to listen on, or several; all of IPv4, `0.0.0.0`, by default. */
  readonly host?: OneOrMore<string>;
  /** The port to listen on, a range such as `"9092-9094"`, or a list of both; 0 takes any that is free. */
  readonly port: OneOrMore<Port>;
  /** How many bytes of a reply may wait for a slow peer, an integer >= 1; 128 KiB by default. */
  readonly window?: number;
  /** How long open connections get to finish once unsubscribed, in milliseconds; 5,000 by default, 0 for not at all. */
  readonly drain?: number;
  /** Told what is bound, once everything is. */
  readonly onListening?: (bound: readonly Endpoint[]) => void;
  /** Told once nothing is left open, after unsubscribing. */
  readonly onClosed?: () => void;
  /** Told of a defect of one connection, or a failure to accept one; neither ends the server. Prints by default. */
  readonly onDefect?: (defect: unknown) => void;
}

/**
 * Listens, and runs every connection as one stream into `exit`: what the peer sends is the initial lane, begun with
 * both endpoints, and the reply is sent to it. END is the half-close of a direction, ABORT resets the connection, and
 * a direction that is refused with RESET is read no more.
 *
 * Subscribing listens. Unsubscribing stops to listen at once, tells open connections by `draining` of their BEGIN, gives them
 * `drain` to finish, then resets them. It never completes.
 *
 * @throws SluiceError OPTION_INVALID; errors with NET_LISTEN
 *
 * @example
 * tcpServer({ port: 7114 })(echo).subscribe({ error: (error) => console.error(error.message) });
 */
export const tcpServer = (
  options: TcpServerOptions,
  scheduler: SchedulerLike = eventLoop,
): ((exit: Binding<Net>) => Observable<never>) => {
  const { host = '0.0.0.0', window = 128 * 1024, drain = 5_000, onListening, onClosed } = options;
  const { onDefect: report = (defect: unknown) => console.error(defect) } = options;
  const ports = portsOf(options.port);
  const at = listOf(host).flatMap((address) => ports.map((port) => ({ address, port })));
  positive('window', window);

  return (exit) =>
    new Observable((out) => {
      const open = new Set<Subscriber<never>>();
      const draining = new ReplaySubject<void>(1);
      let stopping = false;
      const settle = (): void => {
        if (stopping && open.size === 0) onClosed?.();
      };

      listen(accept({ at, report, listening: (bound) => onListening?.(bound) }), out, {
        next(socket) {
          const begin = endpoints(socket);
          if (begin?.remote === undefined) return void socket.destroy();
          const where = place(begin.remote);
          const connection = new Subscriber<never>();
          open.add(connection);
          connection.add(() => {
            open.delete(connection);
            settle();
          });
          const explain = (error?: Error) => brokenFault(where, error);
          listen(serve(socket, { ...begin, draining }, exit, { window, explain, scheduler }), connection, {
            next() {},
            error(defect) {
              connection.complete();
              report(defect);
            },
          });
        },
      });

      out.add(() => {
        stopping = true;
        if (open.size === 0) return settle();
        const cut = scheduler.schedule(() => {
          for (const connection of open) connection.unsubscribe();
        }, drain);
        for (const connection of open) {
          connection.add(() => {
            if (open.size === 0) cut.unsubscribe();
          });
        }
        draining.next();
      });
    });
};
