import { lastValueFrom, map, Observable, of, Subject, throwError, toArray } from 'rxjs';
import { credentialsOf, identified } from '../../../operators/http/identified.ts';
import { emitter } from '../../../src/emitter.ts';
import { SluiceError } from '../../../src/errors.ts';
import { end, type Frame } from '../../../src/frame.ts';
import type { Guard, Identity } from '../../../src/protocol/guard.ts';
import { type Http, headersOf } from '../../../src/protocol/http.ts';
import { type Asked, asking } from '../../src/net/http-peers.ts';
import { until } from '../../src/net/peers.ts';

const places = {
  headers: { Authorization: 'Bearer {credentials}' },
  query: { t: '{credentials}' },
  cookies: { c: '{credentials}' },
};
const somebody = (identity: string): Identity => ({ identity, roles: [], attributes: {} });

describe('credentials of a request', () => {
  it.each([
    [{ authorization: 'Bearer a.b' }, 'a.b'],
    [{ authorization: 'bearer a.b' }, 'a.b'],
    [{ authorization: 'Basic a.b' }, undefined],
    [{ ':path': '/x?t=q%20r' }, 'q r'],
    [{ cookie: 'b=1; c=2; d=3' }, '2'],
    [{ cookie: 'cc=1' }, undefined],
    [{ authorization: 'Bearer ' }, undefined],
    [{ authorization: 'Basic x', cookie: 'c=2' }, '2'],
  ])('are found in %j', (headers, expected) => {
    expect(credentialsOf(places, headersOf(headers as Record<string, string>))).toBe(expected);
  });
});

describe('a request that guards look at', () => {
  const opened = (guards: Parameters<typeof identified>[0], asked: Asked[]) => {
    const request = headersOf({ authorization: 'Bearer me', ':path': '/' });
    const initial = emitter<Http['initial']>({ headers: request }, () => ({ pull: () => end() }));
    return identified(guards)(asking(asked))(initial).subscribe();
  };

  const answersOf = (guards: Parameters<typeof identified>[0], asked: Asked[]) => {
    const binding = identified(guards)(asking(asked));
    return (headers: Record<string, string>): Promise<string[]> => {
      const request = headersOf({ ':method': 'GET', ':path': '/', ...headers });
      const initial = emitter<Http['initial']>({ headers: request }, () => ({ pull: () => end() }));
      const said = (frame: Frame<Http['reply']>): string => {
        if (frame.kind === 'begin') return `begin ${frame.ext.headers[0]?.value}`;
        return frame.kind === 'abort' ? `abort ${frame.ext?.code}` : frame.kind;
      };
      return lastValueFrom(binding(initial).pipe(map(said), toArray()));
    };
  };

  it('begins with whom they recognised, by their names', async () => {
    const guard = (answer: Identity | undefined): Guard => ({ identify: () => of(answer) });
    const asked: Asked[] = [];
    opened(
      {
        one: { guard: { identify: (shown) => of(somebody(shown)) }, credentials: places },
        two: { guard: guard(undefined), credentials: places },
        three: { guard: guard(somebody('never asked')), credentials: { query: { other: '{credentials}' } } },
      },
      asked,
    );
    await until(() => asked[0]?.last === 'end');

    expect(asked[0]?.opening?.ext.authorization).toEqual(new Map([['one', somebody('me')]]));
  });

  it.each([
    ['/?t=me', '/'],
    ['/a?x=1&t=me&y=%20', '/a?x=1&y=%20'],
    ['/a?%74=me', '/a'],
    ['/a?tt=me&', '/a?tt=me&'],
  ])('is passed on without what guards look at: %s', async (path, expected) => {
    const asked: Asked[] = [];
    const guard: Guard = { identify: (shown) => of(somebody(shown)) };
    const answers = answersOf({ one: { guard, credentials: places } }, asked);
    answers({ authorization: 'Bearer me', accept: '*/*', ':path': path });
    await until(() => asked[0]?.opening !== undefined);

    expect(asked[0]?.opening?.ext.headers).toEqual(headersOf({ ':method': 'GET', ':path': expected, accept: '*/*' }));
    asked[0]?.end();
  });

  it('waits for a guard that has to ask elsewhere', async () => {
    const answer = new Subject<Identity>();
    const asked: Asked[] = [];
    opened({ one: { guard: { identify: () => answer }, credentials: places } }, asked);
    expect(asked).toEqual([]);
    answer.next(somebody('late'));
    await until(() => asked[0]?.last === 'end');

    expect(asked[0]?.opening?.ext.authorization?.get('one')?.identity).toBe('late');
  });

  it('is answered with 503 while a guard cannot judge, and by nobody else', async () => {
    const fault = new SluiceError('GUARD_UNAVAILABLE', 'no keys');
    const asked: Asked[] = [];
    const answers = answersOf(
      { one: { guard: { identify: () => throwError(() => fault) }, credentials: places } },
      asked,
    );

    expect(await answers({ authorization: 'Bearer me' })).toEqual(['abort GUARD_UNAVAILABLE']);
    expect(asked).toEqual([]);
  });

  it('shows itself anew for a stream that is open, by the id that only its client knows', async () => {
    const guard: Guard = {
      identify: (shown) => of(shown === 'bad' ? undefined : { ...somebody(shown), expires: 9, challenge: 1 }),
    };
    const asked: Asked[] = [];
    const answers = answersOf({ one: { guard, credentials: places } }, asked);
    const stream = answers({ authorization: 'Bearer me' });
    await until(() => asked.length === 1 && asked[0]?.opening !== undefined);
    const known = asked[0]?.opening?.ext.authorization?.get('one');
    const renewed: Identity[] = [];
    known?.renewal?.renewed.subscribe((identity) => renewed.push(identity));
    const renew = (shown: string, more: Record<string, string> = {}) =>
      answers({
        ':method': 'POST',
        authorization: `Bearer ${shown}`,
        'content-type': 'application/x-challenge-response',
        'challenge-id': known?.renewal?.id ?? '',
        ...more,
      });

    expect(await renew('other')).toEqual(['abort HTTP_FORBIDDEN']);
    expect(await renew('bad')).toEqual(['abort HTTP_UNAUTHORIZED']);
    expect(await renew('me', { 'challenge-id': 'guessed' })).toEqual(['abort HTTP_NOT_FOUND']);
    expect(renewed).toEqual([]);
    expect(await renew('me')).toEqual(['begin 204', 'end']);
    expect(renewed).toHaveLength(1);
    asked[0]?.end();
    await stream;
    expect(await renew('me')).toEqual(['abort HTTP_NOT_FOUND']);
    expect(asked).toHaveLength(1);
  });

  it('lets go of a guard when the client leaves', async () => {
    let open = 0;
    const guard: Guard = {
      identify: () =>
        new Observable(() => {
          open += 1;
          return () => {
            open -= 1;
          };
        }),
    };
    const stream = opened({ one: { guard, credentials: places } }, []);
    expect(open).toBe(1);
    stream.unsubscribe();

    expect(open).toBe(0);
  });
});
