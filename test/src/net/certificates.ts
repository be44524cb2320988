import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Certificates made on the spot, in a folder of their own. `<name>.pem` is a certificate, `<name>.key` its key. */
export class Certificates {
  readonly directory = mkdtempSync(join(tmpdir(), 'sluice-tls-'));

  /** A certificate authority, or, with `hosts`, a certificate that signs itself. */
  self(name: string, hosts: readonly string[] = []): void {
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
    this.#run(
      'req',
      ...kind,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      ...altNames(hosts),
    );
  }

  /** A certificate for `hosts` that `issuer` signs; valid for `days` from now, or that long ago. */
  signed(name: string, issuer: string, hosts: readonly string[] = [], days = 30): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
    this.#run('req', '-new', ...key, '-subj', `/CN=${name}`, '-out', `${name}.csr`, ...altNames(hosts));
    const by = ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-CAcreateserial', '-copy_extensions', 'copy'];
    this.#run('x509', '-req', '-in', `${name}.csr`, ...by, '-days', String(days), '-out', `${name}.pem`);
  }

  /** A certificate of X.509's first version, named `subject`, that `issuer` signs, or itself; valid as for `signed`. */
  firstVersion(name: string, subject: string, issuer?: string, days = 30): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
    this.#run('req', '-new', ...key, '-subj', `/CN=${subject}`, '-out', `${name}.csr`);
    const by =
      issuer === undefined
        ? ['-signkey', `${name}.key`]
        : ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-CAcreateserial'];
    this.#run('x509', '-req', '-in', `${name}.csr`, ...by, '-days', String(days), '-out', `${name}.pem`);
  }

  /** A PKCS #12 store. */
  pkcs12(store: string, options: readonly string[]): string {
    this.#run('pkcs12', '-export', '-out', store, ...options);
    return this.path(store);
  }

  /** Runs openssl in the folder. */
  openssl(...options: readonly string[]): void {
    this.#run(...options);
  }

  /** Puts files of the folder one after the other into another. */
  join(file: string, ...parts: readonly string[]): string {
    writeFileSync(this.path(file), parts.map((part) => this.read(part)).join(''));
    return this.path(file);
  }

  write(file: string, text: string): string {
    writeFileSync(this.path(file), text);
    return this.path(file);
  }

  read(file: string): string {
    return readFileSync(this.path(file), 'utf8');
  }

  path(file: string): string {
    return join(this.directory, file);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }

  #run(...options: readonly string[]): void {
    execFileSync('openssl', options, { cwd: this.directory, stdio: 'pipe' });
  }
}

const altNames = (hosts: readonly string[]): readonly string[] => {
  const names = hosts.map((host) => (/^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`));
  return names.length === 0 ? [] : ['-addext', `subjectAltName=${names.join(',')}`];
};
