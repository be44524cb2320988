import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { at, children, type Der, oidOf, parseDer } from './der.ts';
import { decrypt, verify } from './pkcs12-crypto.ts';
import { type Stored, WrongPassword } from './stored.ts';

const OID = {
  data: '1.2.840.113549.1.7.1',
  encrypted: '1.2.840.113549.1.7.6',
  plainKey: '1.2.840.113549.1.12.10.1.1',
  shroudedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
  friendlyName: '1.2.840.113549.1.9.20',
} as const;

/**
 * The keys and certificates of a PKCS #12 store (RFC 7292) that one password protects, encrypted with AES or, as older
 * tools do, triple DES.
 *
 * @throws WrongPassword; Error if it is no such store, or not one that this build reads
 */
export function parsePkcs12(bytes: Buffer, password = ''): Stored {
  const [, contents, mac] = children(parseDer(bytes));
  if (contents === undefined || oidOf(at(contents, 0)) !== OID.data) throw new RangeError('it is not a PKCS #12 store');
  const safe = at(contents, 1, 0).content;
  if (mac !== undefined) verify(mac, safe, password);
  const bags = children(parseDer(safe)).flatMap((content) => children(parseDer(opened(content, password))));
  const named = bags.map((bag) => ({ bag, type: oidOf(at(bag, 0)), name: nameOf(bag) }));
  return {
    keys: named.flatMap(({ bag, type, name }) =>
      type === OID.plainKey || type === OID.shroudedKey ? [{ name, key: keyOf(at(bag, 1, 0), password) }] : [],
    ),
    certificates: named.flatMap(({ bag, type, name }) =>
      type === OID.certificate ? [{ name, certificate: new X509Certificate(at(bag, 1, 0, 1, 0).content) }] : [],
    ),
  };
}

function opened(content: Der, password: string): Buffer {
  const type = oidOf(at(content, 0));
  if (type === OID.data) return at(content, 1, 0).content;
  if (type === OID.encrypted) return decrypt(at(content, 1, 0, 1), password);
  throw new RangeError('it is protected by a key, not by a password');
}

function keyOf({ bytes }: Der, password: string): KeyObject {
  try {
    return createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8', passphrase: password });
  } catch {
    throw new WrongPassword();
  }
}

/** The friendly name of a SafeBag. */
function nameOf(bag: Der): string | undefined {
  const attributes = children(bag)[2];
  if (attributes === undefined) return undefined;
  const named = children(attributes).find((attribute) => oidOf(at(attribute, 0)) === OID.friendlyName);
  return (
    named &&
    Buffer.from(at(named, 1, 0).content)
      .swap16()
      .toString('utf16le')
  );
}
