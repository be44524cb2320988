export { type BufferOptions, buffer } from './flow/buffer.ts';
export { type ConflateOptions, conflate } from './flow/conflate.ts';
export { type FanoutOptions, fanout } from './flow/fanout.ts';
export { filter } from './flow/filter.ts';
export { type MapRuns, map } from './flow/map.ts';
export { type MergeOptions, merge } from './flow/merge.ts';
export { route } from './flow/route.ts';
