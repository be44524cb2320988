import { type Answer, api } from './api.ts';

/** Kafka's code for a request in a version that the broker does not know. */
export const UNSUPPORTED_VERSION = 35;

/** Which versions a broker speaks, by the key of the api. */
export type Versions = ReadonlyMap<number, readonly [min: number, max: number]>;

export interface ApiVersionsAnswer extends Answer {
  readonly error: number;
  readonly versions: Versions;
}

/**
 * Which versions of every api a broker speaks (schemas ApiVersionsRequest and ApiVersionsResponse, v0 to v3). One that
 * does not know v3 answers UNSUPPORTED_VERSION in the encoding of v0 (KIP-511).
 */
export const apiVersions = api<{ readonly software: string; readonly version: string }, ApiVersionsAnswer>({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 3],
  flexible: 3,
  request(to, { software, version: release }, version) {
    if (version < 3) return;
    to.string(software);
    to.string(release);
    to.tags();
  },
  response(from, version) {
    const error = from.int16();
    if (error === UNSUPPORTED_VERSION) from.flexible = false;
    const versions = from.structs(() => [from.int16(), [from.int16(), from.int16()]] as const);
    const throttleMs = version > 0 && error !== UNSUPPORTED_VERSION ? from.int32() : 0;
    from.tags();
    return { throttleMs, error, versions: new Map(versions) };
  },
});
