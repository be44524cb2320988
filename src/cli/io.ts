import type { Readable, Writable } from 'node:stream';
import type { Env } from '../../graphs/index.ts';

/** Where a command tells what it does. */
export interface Terminal {
  /** Whether a person reads `err`. */
  readonly isTerminal: boolean;
  err(text: string): void;
}

/** What the command line touches of the process, so that a test can stand in for it. */
export interface Io extends Terminal {
  readonly version: string;
  readonly env: Env;
  out(text: string): void;
  /** Where records come from. */
  readonly stdin: Readable;
  /** Where records go: what is slow to take them is waited for. */
  readonly stdout: Writable & { readonly isTTY?: boolean };
  /** Where progress is drawn, if a person reads it. */
  readonly stderr: Writable;
  /** Calls `handle` for every signal that asks to stop; answers how to leave off. */
  onSignal(handle: (signal: string) => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** What `sluice` exits with. */
export const exitCodes = {
  /** All went well; `run`, `consume` or `produce` was stopped by a signal, and every stream had finished. */
  ok: 0,
  /** A server could not start or failed, streams had to be cut off, or a stream failed or a record was refused. */
  failed: 1,
  /** The command line is not one. */
  usage: 2,
  /** A config has mistakes, or cannot be read. */
  invalid: 3,
} as const;
