import type { SchedulerLike } from 'rxjs';
import type { CacheEvent } from '../src/cache/events.ts';
import type { Fault } from '../src/errors.ts';
import type { Endpoint } from '../src/protocol/net.ts';

/** What a running graph tells, for a log. */
export type GraphEvent =
  | { readonly kind: 'listening'; readonly binding: string; readonly at: readonly Endpoint[] }
  | { readonly kind: 'closed'; readonly binding: string }
  | { readonly kind: 'retrying'; readonly binding: string; readonly fault: Fault }
  | { readonly kind: 'failed'; readonly binding: string; readonly fault: Fault }
  | { readonly kind: 'ready'; readonly binding: string; readonly topic: string }
  | { readonly kind: 'cache'; readonly binding: string; readonly event: CacheEvent }
  | { readonly kind: 'guard'; readonly guard: string; readonly fault: Fault }
  | { readonly kind: 'defect'; readonly binding: string; readonly defect: unknown };

/**
 * How a binding tells: where it listens, that nothing is left open, what failed and is tried again, which topic's cache is
 * level with its source, what becomes of a cache, and what ends one stream only: faults behind it, and defects.
 */
export interface BindingEvents {
  onListening(at: readonly Endpoint[]): void;
  onClosed(): void;
  onRetry(fault: Fault): void;
  onFault(fault: Fault): void;
  onReady(topic: string): void;
  onCache(event: CacheEvent): void;
  onDefect(defect: unknown): void;
}

/** Who is told what a graph tells. */
type Tell = (event: GraphEvent) => void;

/** Tells `tell` what the binding named `binding` tells; without one, defects are printed. */
export const bindingEvents = (binding: string, tell: Tell | undefined, scheduler: SchedulerLike): BindingEvents => ({
  onListening: (at) => tell?.({ kind: 'listening', binding, at }),
  onClosed: () => tell?.({ kind: 'closed', binding }),
  onRetry: seldom((fault) => tell?.({ kind: 'retrying', binding, fault }), scheduler),
  onFault: seldom((fault) => tell?.({ kind: 'failed', binding, fault }), scheduler),
  onReady: (topic) => tell?.({ kind: 'ready', binding, topic }),
  onCache: (event) => tell?.({ kind: 'cache', binding, event }),
  onDefect: (defect) => (tell ? tell({ kind: 'defect', binding, defect }) : console.error(defect)),
});

/** Tells `tell` what is wrong with what the guard named `guard` is shown. */
export const guardEvents = (guard: string, tell: Tell | undefined, scheduler: SchedulerLike) =>
  seldom((fault) => tell?.({ kind: 'guard', guard, fault }), scheduler);

/** How often the same thing is told, in milliseconds, however many meet with it; and how many things are in that time. */
const TOLD_EVERY = 1_000;
const MOST_TOLD = 100;

function seldom(tell: (fault: Fault) => void, scheduler: SchedulerLike): (fault: Fault) => void {
  const told = new Map<string, number>();
  return (fault) => {
    const now = scheduler.now();
    for (const [message, at] of told) {
      if (now - at < TOLD_EVERY) break;
      told.delete(message);
    }
    if (told.has(fault.message) || told.size >= MOST_TOLD) return;
    told.set(fault.message, now);
    tell(fault);
  };
}
