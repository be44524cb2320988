/** A private key and the certificates that prove it, leaf first; both PEM text. */
export interface KeyEntry {
  readonly key: string;
  readonly cert: string;
  /** The hosts that the certificate names, in lower case; `*.example.org` for a wildcard. */
  readonly hosts: readonly string[];
}

/** Where TLS finds its keys and whom it trusts. */
export interface Vault {
  /** Entries with a private key, all of them without names. @throws SluiceError VAULT_ENTRY */
  keys(names?: readonly string[]): readonly KeyEntry[];
  /** Certificates to trust, PEM text, all of them without names. @throws SluiceError VAULT_ENTRY */
  trust(names?: readonly string[]): readonly string[];
  /** Entries whose certificate one of these signers has issued. @throws SluiceError VAULT_ENTRY */
  signed(signers: readonly string[]): readonly KeyEntry[];
}
