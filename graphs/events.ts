import type { CacheEvent } from '../src/cache/events.ts';
import type { Fault } from '../src/errors.ts';
import type { Endpoint } from '../src/protocol/net.ts';

/** What a running graph tells, for a log. */
export type GraphEvent =
  | { readonly kind: 'listening'; readonly binding: string; readonly at: readonly Endpoint[] }
  | { readonly kind: 'closed'; readonly binding: string }
  | { readonly kind: 'retrying'; readonly binding: string; readonly fault: Fault }
  | { readonly kind: 'ready'; readonly binding: string; readonly topic: string }
  | { readonly kind: 'cache'; readonly binding: string; readonly event: CacheEvent }
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
