import type { Env } from '../../graphs/index.ts';

/** What the command line touches of the process, so that a test can stand in for it. */
export interface Io {
  readonly version: string;
  readonly env: Env;
  /** Whether a person reads `err`. */
  readonly isTerminal: boolean;
  out(text: string): void;
  err(text: string): void;
  /** Calls `handle` for every signal that asks to stop; answers how to leave off. */
  onSignal(handle: (signal: string) => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** What `sluice` exits with. */
export const exitCodes = {
  /** All went well; `run` was stopped by a signal, and every stream had finished. */
  ok: 0,
  /** A server could not start or failed, or streams had to be cut off. */
  failed: 1,
  /** The command line is not one. */
  usage: 2,
  /** A config has mistakes, or cannot be read. */
  invalid: 3,
} as const;
