import { type SchedulerLike, throwError } from 'rxjs';
import { positive, SluiceError } from '../../src/errors.ts';
import { splitAuthority } from '../../src/net/authority.ts';
import { dial } from '../../src/net/dial.ts';
import { anchorsOf } from '../../src/net/tls-anchors.ts';
import { secureClient } from '../../src/net/tls-client.ts';
import { contextOf, keysOf, namedTrust, type TlsOptions } from '../../src/net/tls-context.ts';
import type { Net, NetBegin } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';

export interface TlsClientOptions extends TlsOptions {
  /** The host to ask for by SNI and to verify; by default the `authority` of BEGIN, else its `remote`. */
  readonly sni?: readonly string[];
  /** Goes on with a server that cannot be verified, and warns of it once. Never set it where it matters. */
  readonly insecure?: boolean;
}

/**
 * Speaks TLS at its exit for the plain bytes at its entry. The server is verified, its name included, against `trust`
 * and, with `trustcacerts` or without `trust`, the certificate authorities that node comes with. The reply begins once
 * the handshake is done, with the `authority` that was verified and the `alpn` that was agreed on.
 *
 * A handshake that fails resets the initial lane and aborts the reply with TLS_UNTRUSTED, TLS_EXPIRED, TLS_WRONG_HOST,
 * TLS_NAME_UNKNOWN, TLS_PLAINTEXT, TLS_VERSION, TLS_ALPN, TLS_CLIENT_CERTIFICATE, TLS_REFUSED, TLS_TIMEOUT or
 * TLS_HANDSHAKE; what fails below it keeps its own fault.
 *
 * @throws SluiceError OPTION_INVALID, VAULT_ENTRY
 *
 * @example
 * tcpServer({ port: 7114 })(tlsClient({ sni: ['example.org'] })(tcpClient({ host: 'example.org', port: 443 })));
 */
export const tlsClient = (
  options: TlsClientOptions = {},
  scheduler: SchedulerLike = eventLoop,
): ((exit: Binding<Net>) => Binding<Net>) => {
  const { window = 128 * 1024, handshakeTimeout: patience = 10_000, insecure = false, alpn, sni } = options;
  const context = contextOf(options, keysOf(options)[0]);
  const anchors = anchorsOf(namedTrust(options));
  positive('window', window);
  if (insecure) process.emitWarning('a tls client does not verify its servers', { code: 'TLS_INSECURE' });

  return (exit) =>
    dial(
      (begin) => {
        const host = sni?.[0] ?? hostOf(begin);
        if (host === undefined && !insecure) return throwError(() => nameless);
        return secureClient(exit, begin, {
          context,
          host: host ?? 'localhost',
          anchors,
          insecure,
          alpn: alpn ?? (begin.alpn === undefined ? undefined : [begin.alpn]),
          window,
          patience,
          scheduler,
        });
      },
      { window, scheduler },
    );
};

const nameless = new SluiceError(
  'TLS_NAME_UNKNOWN',
  'there is no host to verify: neither the option sni nor the opener of the stream names one',
);

const hostOf = ({ authority, remote }: NetBegin): string | undefined => {
  const host = authority === undefined ? remote?.address : splitAuthority(authority).host;
  return host?.replace(/\.$/, '');
};
