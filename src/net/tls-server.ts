import { EventEmitter } from 'node:events';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { Observable, type SchedulerLike } from 'rxjs';
import { type Fault, SluiceError } from '../errors.ts';
import type { FrameDuplex } from './frame-duplex.ts';
import { contextOf, keysOf, type TlsOptions, trustOf, versions } from './tls-context.ts';
import { handshakeFault } from './tls-faults.ts';
import { wildcard } from './wildcard.ts';

export interface TlsServerOptions extends TlsOptions {
  /** The only hosts to answer for, `*` for any run of characters; a client that names none is answered. All by default. */
  readonly sni?: readonly string[];
  /** Whether clients must show a certificate, may, or are not asked; `required` by default if `trust` is given. */
  readonly mutual?: 'required' | 'requested' | 'none';
}

/**
 * A TLS server that listens nowhere. It shows the key whose certificate names the host that the client asks for, else
 * the first. @throws SluiceError OPTION_INVALID, VAULT_ENTRY
 */
export function serverOf(options: TlsServerOptions): Server {
  const trusted = trustOf(options);
  const { mutual = trusted === undefined ? 'none' : 'required', alpn, version } = options;
  const [first, ...others] = keysOf(options);
  if (first === undefined)
    throw new SluiceError('OPTION_INVALID', 'a tls server needs a key: keys or signers, and a vault');
  if (mutual !== 'none' && trusted === undefined) {
    throw new SluiceError(
      'OPTION_INVALID',
      `mutual: ${mutual} needs trust, or trustcacerts, to say whose certificates`,
    );
  }
  const contexts = [first, ...others].map((entry) => ({ hosts: entry.hosts, context: contextOf(options, entry) }));
  return createServer({
    ...versions(version),
    key: first.key,
    cert: first.cert,
    ...(trusted !== undefined && { ca: [...trusted] }),
    ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
    requestCert: mutual !== 'none',
    rejectUnauthorized: mutual === 'required',
    SNICallback(name, answer) {
      answer(null, contexts.find(({ hosts }) => hosts.some((host) => wildcard(host, name)))?.context);
    },
  });
}

/**
 * The TLS connection that comes of accepting `duplex` with `server`, once its handshake is done. Errors with the fault
 * of the handshake; `peer` is how it names the client, `patience` how long it waits, in milliseconds, and `sni` the
 * hosts that may be asked for.
 */
export const secureServer = (
  server: Server,
  duplex: FrameDuplex,
  peer: string,
  patience: number,
  sni: readonly string[] | undefined,
  scheduler: SchedulerLike,
): Observable<TLSSocket> =>
  new Observable((out) => {
    const fail = (fault: Fault): void => out.error(duplex.fault ?? fault);
    const view = viewOf(server);
    const slow = new SluiceError('TLS_TIMEOUT', `${peer} did not finish the handshake within ${patience} ms`);
    const timer = scheduler.schedule(() => fail(slow), patience);
    const left = (): void => fail(handshakeFault(peer, new Error('ECONNRESET')));
    out.add(timer);
    out.add(() => duplex.off('end', left));
    duplex.once('end', left);
    view
      .on('secureConnection', (socket) => {
        timer.unsubscribe();
        const { servername } = socket;
        if (servername && sni?.every((host) => !wildcard(host, servername))) {
          return fail(new SluiceError('TLS_HANDSHAKE', `${peer} asks for a host that this server does not answer for`));
        }
        out.next(socket);
        out.complete();
      })
      .on('tlsClientError', (error, { authorizationError }) => {
        fail(authorizationError ? distrusted(peer, String(authorizationError)) : handshakeFault(peer, error));
      })
      .emit('connection', duplex);
  });

const distrusted = (peer: string, reason: string): SluiceError =>
  new SluiceError('TLS_CLIENT_CERTIFICATE', `${peer} shows a client certificate that is not trusted here (${reason})`);

/** The same server with listeners of its own: its events do not say on which stream the handshake was. */
function viewOf(server: Server): Server {
  const view: Server = Object.create(server);
  EventEmitter.call(view);
  for (const accept of server.listeners('connection')) view.on('connection', accept as () => void);
  return view;
}
