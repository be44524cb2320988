import { merge, NEVER, type Observable, type SchedulerLike, take, timer } from 'rxjs';
import type { HttpHeader } from '../protocol/http.ts';

/** What a client would rather have (RFC 7240). */
export interface Preferences {
  /** How long it would wait, in milliseconds. */
  readonly wait?: number;
  /** Whether it would rather be told where the answer will be than wait for it. */
  readonly respondAsync: boolean;
}

/** The longest that a timer can be. */
const LONGEST = 2 ** 31 - 1;

/** Those of a request. What is not understood of them is left alone, as they ask for nothing that must be. */
export function preferencesOf(headers: readonly HttpHeader[]): Preferences {
  const preferred = headers
    .filter(({ name }) => name === 'prefer')
    .flatMap(({ value }) => value.toLowerCase().split(/[,;]/))
    .map((preference) => preference.trim());
  const [seconds] = preferred.flatMap((one) => /^wait\s*=\s*"?(\d{1,15})"?$/.exec(one)?.[1] ?? []);
  return {
    ...(seconds !== undefined && { wait: Math.min(Number(seconds) * 1_000, LONGEST) }),
    respondAsync: preferred.includes('respond-async'),
  };
}

/**
 * Emits once a client that would wait for so long, in milliseconds, has to be told what there is: then, or when the server is
 * about to stop.
 */
export const dueAfter = (wait: number, scheduler: SchedulerLike, draining: Observable<unknown> = NEVER) =>
  merge(timer(wait, scheduler), draining).pipe(take(1));
