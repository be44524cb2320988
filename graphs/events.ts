import type { Endpoint } from '../src/protocol/net.ts';

/** What a running graph tells, for a log. */
export type GraphEvent =
  | { readonly kind: 'listening'; readonly binding: string; readonly at: readonly Endpoint[] }
  | { readonly kind: 'closed'; readonly binding: string }
  | { readonly kind: 'defect'; readonly binding: string; readonly defect: unknown };

/** How a server tells: where it listens, that nothing is left open, and defects that end one stream only. */
export interface ServerEvents {
  onListening(at: readonly Endpoint[]): void;
  onClosed(): void;
  onDefect(defect: unknown): void;
}

/** Tells `tell` what the server named `binding` tells; without one, defects are printed. */
export const serverEvents = (binding: string, tell: ((event: GraphEvent) => void) | undefined): ServerEvents => ({
  onListening: (at) => tell?.({ kind: 'listening', binding, at }),
  onClosed: () => tell?.({ kind: 'closed', binding }),
  onDefect: (defect) => (tell ? tell({ kind: 'defect', binding, defect }) : console.error(defect)),
});
