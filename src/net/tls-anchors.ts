import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, type TLSSocket } from 'node:tls';

/**
 * Those of the trusted certificates that are of X.509's first version, and so do not say whether they sign others. OpenSSL takes
 * a certificate that such a one has signed for one that signs itself, if both have the same name, as keytool likes to make them.
 */
export const anchorsOf = (trusted: readonly string[]): readonly X509Certificate[] =>
  trusted.map((pem) => new X509Certificate(pem)).filter(({ raw }) => raw[inside(raw, inside(raw, 0))] !== VERSION);

/** What stands first in a certificate that is of a later version (RFC 5280, section 4.1). */
const VERSION = 0xa0;

/** Where the content begins of what stands at `at` in DER. */
function inside(der: Uint8Array, at: number): number {
  const length = der[at + 1] ?? 0;
  return at + 2 + (length > 0x7f ? length & 0x7f : 0);
}

/**
 * Why a server is not to be trusted, as node names it; `undefined` if it is: OpenSSL says so, or could not know that one of
 * these has signed its certificate.
 */
export function distrust(
  socket: TLSSocket,
  host: string,
  anchors: readonly X509Certificate[],
  now: number,
): string | undefined {
  if (socket.authorized) return undefined;
  const reason = `${socket.authorizationError}`;
  const shown = socket.getPeerX509Certificate();
  if (reason !== 'DEPTH_ZERO_SELF_SIGNED_CERT' || shown === undefined) return reason;
  const signer = anchors.find((anchor) => shown.checkIssued(anchor) && shown.verify(anchor.publicKey));
  if (signer === undefined) return reason;
  if (![shown, signer].every((one) => isValid(one, now))) return 'CERT_HAS_EXPIRED';
  return checkServerIdentity(host, shown.toLegacyObject()) && 'ERR_TLS_CERT_ALTNAME_INVALID';
}

const isValid = ({ validFrom, validTo }: X509Certificate, now: number): boolean =>
  Date.parse(validFrom) <= now && now <= Date.parse(validTo);
