import { benchFrames } from './frames.ts';

await benchFrames();
