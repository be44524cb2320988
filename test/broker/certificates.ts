import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A certificate and its private key (PKCS #8), both PEM text. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What a TLS client needs, PEM text; `client` is for a broker that asks for a certificate (its name: `CN=client`). */
export interface Certificates {
  readonly ca: string;
  readonly client: KeyPair;
}

/**
 * Makes a certificate authority, a server certificate for localhost and 127.0.0.1, and a client certificate.
 * Leaves `ca.pem` and `server.pem` (key and chain in one file, as Kafka's PEM stores want it) in `directory`.
 * @throws Error with what openssl said.
 */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const ca = await sign(directory, 'ca', ['-addext', 'keyUsage=critical,keyCertSign,cRLSign']);
  const issuer = ['-CA', join(directory, 'ca.pem'), '-CAkey', join(directory, 'ca.key')];
  const leaf = [...issuer, '-addext', 'basicConstraints=critical,CA:FALSE'];
  const [server, client] = await Promise.all([
    sign(directory, 'server', [...leaf, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']),
    sign(directory, 'client', leaf),
  ]);
  await writeFile(join(directory, 'server.pem'), server.key + server.cert + ca.cert);
  return { ca: ca.cert, client };
}

async function sign(directory: string, name: string, options: readonly string[]): Promise<KeyPair> {
  const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
  await run('openssl', ['req', ...kind, '-subj', `/CN=${name}`, '-keyout', key, '-out', cert, ...options]);
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
}
