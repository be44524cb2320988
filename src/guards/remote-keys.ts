import type { JSONWebKeySet } from 'jose';
import { catchError, defer, finalize, from, map, type Observable, of, type SchedulerLike, share, timeout } from 'rxjs';
import { type Fault, SluiceError } from '../errors.ts';

export interface RemoteKeysOptions {
  readonly url: string;
  readonly scheduler: SchedulerLike;
  /** Told why keys could not be fetched. */
  readonly onUnavailable: (fault: Fault) => void;
}

/** How old keys become before new ones are fetched beside, and before they count no more, in milliseconds. */
const FRESH = 10 * 60 * 1_000;
const OLD = 24 * 60 * 60 * 1_000;
/** How soon they are fetched again for a key that is not among them, and after a failure, in milliseconds. */
const COOLDOWN = 30_000;
const RETRY = 1_000;
const TIMEOUT = 5_000;
/** The most bytes that they may have. */
const LARGEST = 1024 * 1024;

/**
 * The keys that a url has (RFC 7517, section 5), fetched on first need, kept, and fetched again when they grow old or one is
 * missing; by one request at a time, and not too often.
 */
export class RemoteKeys {
  readonly #options: RemoteKeysOptions;
  #keys: JSONWebKeySet | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #failure: { readonly at: number; readonly fault: Fault } | undefined;
  #fetching: Observable<JSONWebKeySet> | undefined;

  constructor(options: RemoteKeysOptions) {
    this.#options = options;
  }

  /** The keys; errors with GUARD_UNAVAILABLE where there are none. */
  get(): Observable<JSONWebKeySet> {
    const age = this.#age();
    if (this.#keys === undefined || age > OLD) return this.#fetch();
    if (age > FRESH) this.#fetch().subscribe({ error: () => {} });
    return of(this.#keys);
  }

  /** The keys, fetched again if they are not of just now: one was not among them. */
  renew(): Observable<JSONWebKeySet> {
    return this.#keys !== undefined && this.#age() < COOLDOWN ? of(this.#keys) : this.#fetch();
  }

  #age(): number {
    return this.#options.scheduler.now() - this.#fetchedAt;
  }

  #fetch(): Observable<JSONWebKeySet> {
    const { url, scheduler, onUnavailable } = this.#options;
    return defer(() => {
      const failure = this.#failure;
      if (this.#fetching !== undefined) return this.#fetching;
      if (failure !== undefined && scheduler.now() - failure.at < RETRY) throw failure.fault;
      const aborting = new AbortController();
      this.#fetching = from(read(url, aborting.signal)).pipe(
        timeout({ first: TIMEOUT, scheduler }),
        map((keys) => {
          this.#keys = keys;
          this.#fetchedAt = scheduler.now();
          this.#failure = undefined;
          return keys;
        }),
        catchError((thrown) => {
          const reason = reasonOf(thrown);
          const fault = new SluiceError('GUARD_UNAVAILABLE', `the keys at ${shown(url)} cannot be fetched: ${reason}`);
          this.#failure = { at: scheduler.now(), fault };
          onUnavailable(fault);
          throw fault;
        }),
        finalize(() => {
          aborting.abort();
          this.#fetching = undefined;
        }),
        share(),
      );
      return this.#fetching;
    });
  }
}

/** A url without what may be secret in it. */
function shown(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** What `fetch` fails with says nothing; its cause does. */
function reasonOf({ cause, message }: { readonly cause?: NodeJS.ErrnoException; readonly message: string }): string {
  return cause?.message || cause?.code || message;
}

async function read(url: string, signal: AbortSignal): Promise<JSONWebKeySet> {
  const answer = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
  if (!answer.ok) throw new Error(`the answer is ${answer.status}`);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body ?? []) {
    size += part.byteLength;
    if (size > LARGEST) throw new Error(`they have more than ${LARGEST} bytes`);
    parts.push(part);
  }
  return keysIn(Buffer.concat(parts).toString());
}

/** The public keys of a text: a secret that anybody can fetch is none. */
function keysIn(text: string): JSONWebKeySet {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    throw new Error('the answer is not JSON');
  }
  const { keys } = (set ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new Error('the answer has no keys');
  return { keys: keys.filter((key) => typeof key === 'object' && key !== null && key.kty !== 'oct') };
}
