import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import { type Stored, WrongPassword } from './stored.ts';

/**
 * The keys and certificates of a PKCS #12 store (RFC 7292) that one password protects.
 *
 * @throws WrongPassword; Error if it is no such store, or not one that this build reads
 */
export function parsePkcs12(bytes: Buffer, password = ''): Stored {
  const bags = opened(bytes, password).safeContents.flatMap(({ safeBags }) => safeBags);
  const named = bags.map((bag) => ({ bag, name: bag.attributes?.friendlyName?.[0] as string | undefined }));
  const ofType = (...types: (string | undefined)[]) => named.filter(({ bag }) => types.includes(bag.type));
  const { keyBag, pkcs8ShroudedKeyBag, certBag } = forge.pki.oids;
  return {
    keys: ofType(keyBag, pkcs8ShroudedKeyBag).map(({ bag, name }) => ({ name, key: keyOf(bag) })),
    certificates: ofType(certBag).map(({ bag, name }) => ({ name, certificate: certificateOf(bag) })),
  };
}

function opened(bytes: Buffer, password: string): forge.pkcs12.Pkcs12Pfx {
  const content = forge.asn1.fromDer(bytes.toString('binary'));
  try {
    return forge.pkcs12.pkcs12FromAsn1(content, false, password);
  } catch (error) {
    if (/password|decrypt/i.test((error as Error).message)) throw new WrongPassword();
    throw new RangeError('it is not a PKCS #12 store, or not one that this build reads');
  }
}

/** A key that forge does not know, such as one of an elliptic curve, is left as it stood in the store. */
function keyOf({ key, asn1 }: forge.pkcs12.Bag): KeyObject {
  if (key) return createPrivateKey(forge.pki.privateKeyToPem(key));
  return createPrivateKey({ key: der(asn1), format: 'der', type: 'pkcs8' });
}

const certificateOf = ({ cert, asn1 }: forge.pkcs12.Bag): X509Certificate =>
  new X509Certificate(der(cert ? forge.pki.certificateToAsn1(cert) : asn1));

const der = (asn1: forge.asn1.Asn1): Buffer => Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
