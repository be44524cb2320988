import { type Code, type Fault, SluiceError } from '../errors.ts';
import { codeOf } from './faults.ts';

/** What went wrong, by the code that node or OpenSSL gives it; the sentence follows the name of the peer. */
const REASONS: readonly (readonly [pattern: RegExp, code: Code, sentence: string])[] = [
  [/^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/, 'TLS_EXPIRED', 'shows a certificate that is not valid at this time'],
  [/ALTNAME_INVALID$/, 'TLS_WRONG_HOST', 'shows a certificate for another host'],
  [/(WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG)$/, 'TLS_PLAINTEXT', 'does not speak TLS'],
  [/NO_APPLICATION_PROTOCOL$/, 'TLS_ALPN', 'has no application protocol in common with this end'],
  [
    /(UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|NO_SHARED_CIPHER|VERSION_TOO_LOW|NO_PROTOCOLS_AVAILABLE)$/,
    'TLS_VERSION',
    'has no TLS version or cipher in common with this end',
  ],
  [
    /(DID_NOT_RETURN_A_CERTIFICATE|CERTIFICATE_REQUIRED)$/,
    'TLS_CLIENT_CERTIFICATE',
    'ended for want of a client certificate',
  ],
  [/_ALERT_/, 'TLS_REFUSED', 'ended the handshake with an alert'],
  [/^ECONNRESET$/, 'TLS_HANDSHAKE', 'closed the connection in the middle of the handshake'],
  [
    /^(?!ERR_)[A-Z_]*(CERT|SIGNATURE|CA|PURPOSE|ISSUER|CHAIN|CRL)[A-Z_]*$/,
    'TLS_UNTRUSTED',
    'shows a certificate that nobody trusted here has signed',
  ],
];

const UNKNOWN = [/$/, 'TLS_HANDSHAKE', 'failed in the handshake'] as const;

/** Why a handshake with `peer` failed. No message holds anything of a key or a password. */
export function handshakeFault(peer: string, error: Error): SluiceError {
  const name = codeOf(error);
  const [, code, sentence] = REASONS.find(([pattern]) => pattern.test(name)) ?? UNKNOWN;
  return new SluiceError(code, `${peer} ${sentence} (${name})`);
}

/** Why a connection with `peer` broke after its handshake. */
export function secureFault(peer: string, error: Error | undefined): Fault {
  if (error === undefined) return new SluiceError('NET_CLOSED', `the connection with ${peer} was closed`);
  return new SluiceError('TLS_FAILED', `the connection with ${peer} failed: ${codeOf(error)}`);
}
