import type { SseBegin } from '../../src/protocol/sse.ts';
import { covers } from '../../src/wildcard.ts';

/** When a route of an sse binding takes a stream. */
export interface SseWhen {
  /** The path, without the query; `*` for any run of characters. */
  readonly path?: string;
}

/** Whether `when` takes a stream that begins with `begin`. */
export const sseMatches = ({ path }: SseWhen, begin: SseBegin): boolean =>
  path === undefined || (begin.path !== undefined && covers(path, begin.path));
