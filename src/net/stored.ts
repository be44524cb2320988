import type { KeyObject, X509Certificate } from 'node:crypto';

/** What a store holds, with the names it is stored under. */
export interface Stored {
  readonly keys: readonly { readonly name: string | undefined; readonly key: KeyObject }[];
  readonly certificates: readonly { readonly name: string | undefined; readonly certificate: X509Certificate }[];
}

/** The password does not open the store. It holds nothing of the password. */
export class WrongPassword extends Error {}
