import { firstValueFrom, of } from 'rxjs';
import { type AccessControl, accessControl } from '../../../operators/http/access-control.ts';
import { emitter } from '../../../src/emitter.ts';
import { abort, end, type Frame } from '../../../src/frame.ts';
import { type Http, type HttpHeader, headersOf } from '../../../src/protocol/http.ts';
import type { Binding } from '../../../src/protocol.ts';
import { saying } from '../../src/net/http-peers.ts';

/** What a request is answered with first: the headers, or the status and headers of a fault. */
async function asked(access: AccessControl, headers: Readonly<Record<string, string>>, exit = saying('x')) {
  const request = { ':method': 'GET', ':scheme': 'https', ':authority': 'here', ':path': '/', ...headers };
  const initial = emitter<Http['initial']>({ headers: headersOf(request) }, () => ({ pull: () => end() }));
  const frame: Frame<Http['reply']> = await firstValueFrom(accessControl(access)(exit)(initial));
  if (frame.kind === 'begin') return plain(frame.ext.headers);
  return frame.kind === 'abort' ? { fault: frame.ext?.code, ...plain(frame.ext?.headers ?? []) } : frame;
}

const plain = (headers: readonly HttpHeader[]): Record<string, string> =>
  Object.fromEntries(headers.map(({ name, value }) => [name, value]));

const open: AccessControl = { policy: 'cross-origin' };
const there = { origin: 'https://there' };

describe('access control', () => {
  it('is no business of a request without an origin, or from the same one', async () => {
    const plainly = { ':status': '200', 'content-type': 'text/plain' };

    expect(await asked({ policy: 'same-origin' }, {})).toEqual(plainly);
    expect(await asked({ policy: 'same-origin' }, { origin: 'https://here' })).toEqual(plainly);
  });

  it('lets no cache show a page an answer that was for another', async () => {
    for (const headers of [{}, { origin: 'https://here' }]) {
      const answer = await asked({ ...open, allow: { origins: ['https://there'] } }, headers);
      expect(answer).toMatchObject({ ':status': '200', vary: 'origin' });
      expect(answer).not.toHaveProperty('access-control-allow-origin');
      expect(await asked(open, headers)).toMatchObject({ ':status': '200', 'access-control-allow-origin': '*' });
    }
  });

  it('refuses pages of other origins where they may not ask', async () => {
    expect(await asked({ policy: 'same-origin' }, there)).toEqual({ fault: 'HTTP_FORBIDDEN' });
    expect(await asked({ ...open, allow: { origins: ['https://else'] } }, there)).toEqual({ fault: 'HTTP_FORBIDDEN' });
    expect(await asked({ ...open, allow: { methods: ['POST'] } }, there)).toEqual({ fault: 'HTTP_FORBIDDEN' });
  });

  it('lets pages of any origin see answers where nothing is said of them', async () => {
    expect(await asked(open, there)).toMatchObject({
      ':status': '200',
      'access-control-allow-origin': '*',
      'access-control-expose-headers': '*',
    });
  });

  it('names the origin where it is one of some, or credentials may come', async () => {
    const expected = { 'access-control-allow-origin': 'https://there', vary: 'origin' };

    expect(await asked({ ...open, allow: { origins: ['https://there'] } }, there)).toMatchObject(expected);
    const answer = await asked({ ...open, allow: { credentials: true } }, there);
    expect(answer).toMatchObject({ ...expected, 'access-control-allow-credentials': 'true' });
    expect(answer).not.toHaveProperty('access-control-expose-headers');
  });

  it('answers a preflight itself', async () => {
    const never: Binding<Http> = () => {
      throw new Error('asked');
    };
    const preflight = {
      ...there,
      ':method': 'OPTIONS',
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'x-a, x-b',
    };

    expect(await asked(open, preflight, never)).toEqual({
      ':status': '204',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-a, x-b',
      'access-control-allow-origin': '*',
    });
    const some = { ...open, allow: { methods: ['GET', 'put'], headers: ['x-a'] }, maxAge: 60 };
    expect(await asked(some, preflight, never)).toMatchObject({
      'access-control-allow-methods': 'GET, put',
      'access-control-allow-headers': 'x-a',
      'access-control-max-age': '60',
    });
    expect(await asked({ ...open, allow: { methods: ['GET'] } }, preflight, never)).toEqual({
      fault: 'HTTP_FORBIDDEN',
    });
  });

  it('lets pages see faults, too', async () => {
    const exit: Binding<Http> = () => of(abort({ code: 'HTTP_NOT_FOUND', message: '' }));

    expect(await asked(open, there, exit)).toMatchObject({
      fault: 'HTTP_NOT_FOUND',
      'access-control-allow-origin': '*',
    });
  });
});
