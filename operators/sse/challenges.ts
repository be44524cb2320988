import { map, merge, NEVER, type Observable, type SchedulerLike, switchMap } from 'rxjs';
import { atTime } from '../../src/at-time.ts';
import { type Authorization, CHALLENGE_RESPONSE, type Identity, statesOf } from '../../src/protocol/guard.ts';
import { events, SseBody } from '../../src/protocol/sse-events.ts';

/** The events that ask a client to show itself anew, each before what it showed to a guard expires. */
export const challenges = (
  authorization: Authorization = new Map(),
  scheduler: SchedulerLike,
): Observable<Uint8Array> => merge(...[...authorization.values()].map((identity) => challengesOf(identity, scheduler)));

function challengesOf(identity: Identity, scheduler: SchedulerLike): Observable<Uint8Array> {
  const { renewal } = identity;
  if (renewal === undefined) return NEVER;
  const bytes = challenge(renewal.id);
  return statesOf(identity).pipe(
    switchMap(({ expires, challenge: before }) =>
      expires === undefined || before === undefined ? NEVER : atTime(expires - before, scheduler),
    ),
    map(() => bytes),
  );
}

/** What a page passes to `fetch`, with new credentials among the headers. */
function challenge(id: string): Uint8Array {
  const { method, contentType, idHeader } = CHALLENGE_RESPONSE;
  const asked = JSON.stringify({ method, headers: { 'content-type': contentType, [idHeader]: id } });
  return events([{ body: new SseBody(Buffer.from(asked), 'challenge') }]).payload.bytes;
}
