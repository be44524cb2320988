export { describeFrame } from './describe.ts';
export { type LawsOptions, laws } from './laws.ts';
export { type Expectation, type FrameValues, type Marbles, marbles, type Probe } from './marbles.ts';
export type { LawLane, LawRecord } from './sender.ts';
export { Turns } from './turns.ts';
