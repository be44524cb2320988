import type { Observable } from 'rxjs';

/** Whom a guard recognised. */
export interface Identity {
  /** Who it is; `undefined` where the guard does not tell. */
  readonly identity: string | undefined;
  /** What it was recognised by: never to be shown. */
  readonly credentials?: string;
  /** What it may do. */
  readonly roles: readonly string[];
  /** What else the guard knows of it. */
  readonly attributes: Readonly<Record<string, string>>;
  /** When it ceases to be known, in milliseconds since 1970; never, by default. */
  readonly expires?: number;
}

/** What guards found of a request, by their names. A guard that recognised nobody is not among them. */
export type Authorization = ReadonlyMap<string, Identity>;

/** Says who shows what credentials. */
export interface Guard {
  /** Whom the credentials are of, once; `undefined` where nobody is recognised by them. */
  identify(credentials: string): Observable<Identity | undefined>;
}
