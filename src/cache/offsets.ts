/** The greater of two offsets, which `Math.max` does not take. */
export function later(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

/** The lesser of two. */
export function earlier(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}
