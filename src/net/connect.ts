import { connect as open, type Socket } from 'node:net';
import { catchError, Observable, type SchedulerLike, throwError, timeout } from 'rxjs';
import { SluiceError } from '../errors.ts';
import type { Endpoint } from '../protocol/net.ts';
import type { Opened } from './dial.ts';
import { brokenFault, connectFault } from './faults.ts';
import { endpoints, place } from './sockets.ts';

/**
 * A connection to the first of `targets` that takes one, each given `patience` milliseconds, name lookup included.
 * Errors with the SluiceError of the last: NET_LOOKUP, NET_REFUSED, NET_UNREACHABLE, NET_TIMEOUT, NET_FAILED, or
 * NET_TARGET if there are none. Completes when it is closed; unsubscribing before it stands gives it up.
 */
export function connect(targets: readonly Endpoint[], patience: number, scheduler: SchedulerLike): Observable<Opened> {
  const nowhere = new SluiceError(
    'NET_TARGET',
    'a connection needs a host and a port, from options or from its opener',
  );
  return targets
    .map((target) => connectTo(target, patience, scheduler))
    .reduceRight<Observable<Opened>>(
      (others, first, index) => (index === targets.length - 1 ? first : first.pipe(catchError(() => others))),
      throwError(() => nowhere),
    );
}

/** Node throws where a port is none. */
function opened({ address, port }: Endpoint, refuse: (error: Error) => void): Socket | undefined {
  try {
    return open({ host: address, port, allowHalfOpen: true, noDelay: true, keepAlive: true });
  } catch (thrown) {
    refuse(thrown as Error);
    return undefined;
  }
}

const connectTo = (target: Endpoint, patience: number, scheduler: SchedulerLike): Observable<Opened> =>
  new Observable<Opened>((out) => {
    const where = place(target);
    const refuse = (error: Error): void => out.error(connectFault(where, error));
    const socket = opened(target, refuse);
    if (socket === undefined) return;
    let handedOver = false;
    socket.once('error', refuse).once('connect', () => {
      handedOver = true;
      socket.off('error', refuse);
      out.next({
        stream: socket,
        begin: endpoints(socket) ?? { remote: target },
        explain: (error) => brokenFault(where, error),
      });
    });
    socket.once('close', () => out.complete());
    out.add(() => {
      if (!handedOver) socket.on('error', () => {}).destroy();
    });
  }).pipe(
    timeout({
      first: patience,
      scheduler,
      with: () => throwError(() => connectFault(place(target), Object.assign(new Error(), { code: 'ETIMEDOUT' }))),
    }),
  );
