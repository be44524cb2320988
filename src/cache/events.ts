import type { Fault } from '../errors.ts';

/** What a cache tells of itself. */
export type CacheEvent =
  /** The store did not open, and begins anew; what there was of it stands at `path`. */
  | { readonly event: 'set-aside'; readonly path: string; readonly why: string }
  /** What is stored from an offset up to, not including, another is not what was written, or gone. */
  | {
      readonly event: 'corrupt';
      readonly topic: string;
      readonly partition: number;
      readonly from: bigint;
      readonly to: bigint;
    }
  /** It is there again. */
  | {
      readonly event: 'mended';
      readonly topic: string;
      readonly partition: number;
      readonly from: bigint;
      readonly to: bigint;
    }
  /** Nothing can be written; what is there is still read. */
  | { readonly event: 'degraded'; readonly fault: Fault }
  /** It can be again. */
  | { readonly event: 'recovered' }
  /** A log was not cleaned, or not cut to its retention; it will be tried again. */
  | { readonly event: 'upkeep'; readonly log: string; readonly fault: Fault };
