import { finalize, of, ReplaySubject } from 'rxjs';
import { emitter } from '../../src/emitter.ts';
import { abort, end } from '../../src/frame.ts';
import { type Authorization, CHALLENGE_RESPONSE, type Identity, unauthorized } from '../../src/protocol/guard.ts';
import { type Http, type HttpBegin, type HttpFault, headerOf, headersOf, httpFault } from '../../src/protocol/http.ts';
import type { Binding } from '../../src/protocol.ts';

/** One who is recognised by a guard for as long as its stream is open. */
interface Recognised {
  readonly guard: string;
  readonly identity: Identity;
  readonly renewed: ReplaySubject<Identity>;
}

/** Lets clients of open streams show themselves anew, before what they showed expires. */
export class Renewals {
  readonly #open = new Map<string, Recognised>();

  /** What guards found, with a way to show oneself anew where a guard asks for that; and the exit that it is open at. */
  begin(found: Authorization, exit: Binding<Http>): { authorization: Authorization; exit: Binding<Http> } {
    const ids: string[] = [];
    const authorization = new Map<string, Identity>();
    for (const [guard, identity] of found) {
      if (identity.challenge === undefined || identity.expires === undefined) {
        authorization.set(guard, identity);
        continue;
      }
      const id = crypto.randomUUID();
      const renewed = new ReplaySubject<Identity>(1);
      ids.push(id);
      this.#open.set(id, { guard, identity, renewed });
      authorization.set(guard, { ...identity, renewal: { id, renewed } });
    }
    if (ids.length === 0) return { authorization, exit };
    const close = (): void => {
      for (const id of ids) this.#open.delete(id);
    };
    return { authorization, exit: (initial) => exit(initial).pipe(finalize(close)) };
  }

  /** Answers a request in which a client shows itself anew; `undefined` for any other. */
  answer({ headers }: HttpBegin, found: Authorization): Binding<Http> | undefined {
    const id = headerOf(headers, CHALLENGE_RESPONSE.idHeader);
    if (id === undefined || headerOf(headers, 'content-type') !== CHALLENGE_RESPONSE.contentType) return undefined;
    if (headerOf(headers, ':method') !== CHALLENGE_RESPONSE.method) return undefined;
    const recognised = this.#open.get(id);
    if (recognised === undefined) return refusing(httpFault('HTTP_NOT_FOUND', 'the stream is not open any more'));
    const identity = found.get(recognised.guard);
    if (identity === undefined) return refusing(unauthorized(`guard ${recognised.guard} recognised nobody`));
    if (identity.identity !== recognised.identity.identity)
      return refusing(httpFault('HTTP_FORBIDDEN', 'the stream is that of another'));
    recognised.renewed.next(identity);
    return renewed;
  }
}

const refusing =
  (fault: HttpFault): Binding<Http> =>
  () =>
    of(abort(fault));

const renewed: Binding<Http> = () =>
  emitter<Http['reply']>({ headers: headersOf({ ':status': '204' }) }, () => ({ pull: () => end() }));
