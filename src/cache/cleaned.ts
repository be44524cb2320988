/** That a cleaner has been through all that is below an offset, and when, in milliseconds since 1970. */
export interface Cleaned {
  readonly to: bigint;
  readonly at: number;
}

/** Into how many parts the time for which tombstones are kept is divided: so exactly is it kept to. */
const PARTS = 16;

/** Below which offset tombstones have been kept for long enough: for `retention` ms since a cleaner came by. */
export function agedBelow(passes: readonly Cleaned[], retention: number, now: number): bigint {
  return passes.findLast(({ at }) => at + retention <= now)?.to ?? 0n;
}

/**
 * The passes that are to be remembered, the oldest first, once there is one more: those by which tombstones are young,
 * the last by which they are old, and the last of all. Of passes close together only some are.
 */
export function withPass(passes: readonly Cleaned[], next: Cleaned, retention: number): readonly Cleaned[] {
  const aged = passes.findLastIndex(({ at }) => at + retention <= next.at);
  const kept = aged < 0 ? [...passes] : passes.slice(aged);
  const [before, last] = kept.slice(-2);
  const isClose = before !== undefined && last !== undefined && last.at - before.at < retention / PARTS;
  return [...(isClose ? kept.slice(0, -1) : kept), next];
}
