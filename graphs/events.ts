import type { SchedulerLike } from 'rxjs';
import type { CacheEvent } from '../src/cache/events.ts';
import type { Fault } from '../src/errors.ts';
import type { Endpoint } from '../src/protocol/net.ts';
import { eventLoop } from '../src/scheduler.ts';

/** What a running graph tells, for a log. */
export type GraphEvent =
  | { readonly kind: 'listening'; readonly binding: string; readonly at: readonly Endpoint[] }
  | { readonly kind: 'closed'; readonly binding: string }
  | { readonly kind: 'retrying'; readonly binding: string; readonly fault: Fault }
  | { readonly kind: 'ready'; readonly binding: string; readonly topic: string }
  | { readonly kind: 'cache'; readonly binding: string; readonly event: CacheEvent }
  | { readonly kind: 'guard'; readonly guard: string; readonly fault: Fault }
  | { readonly kind: 'defect'; readonly binding: string; readonly defect: unknown };

/**
 * How a binding tells: where it listens, that nothing is left open, what failed and is tried again, which topic's cache is
 * level with its source, what becomes of a cache, and defects that end one stream only.
 */
export interface BindingEvents {
  onListening(at: readonly Endpoint[]): void;
  onClosed(): void;
  onRetry(fault: Fault): void;
  onReady(topic: string): void;
  onCache(event: CacheEvent): void;
  onDefect(defect: unknown): void;
}

/** Tells `tell` what the binding named `binding` tells; without one, defects are printed. */
export const bindingEvents = (binding: string, tell: ((event: GraphEvent) => void) | undefined): BindingEvents => ({
  onListening: (at) => tell?.({ kind: 'listening', binding, at }),
  onClosed: () => tell?.({ kind: 'closed', binding }),
  onRetry: (fault) => tell?.({ kind: 'retrying', binding, fault }),
  onReady: (topic) => tell?.({ kind: 'ready', binding, topic }),
  onCache: (event) => tell?.({ kind: 'cache', binding, event }),
  onDefect: (defect) => (tell ? tell({ kind: 'defect', binding, defect }) : console.error(defect)),
});

/** How often what one guard finds wrong is told, in milliseconds, however many show it that. */
const TOLD_EVERY = 1_000;

/** Tells `tell` what is wrong with what the guard named `guard` is shown: each thing once a second at the most. */
export function guardEvents(
  guard: string,
  tell: ((event: GraphEvent) => void) | undefined,
  scheduler: SchedulerLike = eventLoop,
): (fault: Fault) => void {
  const told = new Map<string, number>();
  return (fault) => {
    const { message } = fault;
    const now = scheduler.now();
    if (now - (told.get(message) ?? Number.NEGATIVE_INFINITY) < TOLD_EVERY) return;
    told.set(message, now);
    tell?.({ kind: 'guard', guard, fault });
  };
}
