import { once } from 'node:events';
import { connect } from 'node:http2';
import { EMPTY, firstValueFrom, of, throwError } from 'rxjs';
import { type AccessControl, accessControl } from '../../../operators/http/access-control.ts';
import { emitter } from '../../../src/emitter.ts';
import { abort, end, type Frame } from '../../../src/frame.ts';
import { type Http, type HttpHeader, headersOf } from '../../../src/protocol/http.ts';
import type { Binding } from '../../../src/protocol.ts';
import { exchanged, saying, servingHttp } from '../../src/net/http-peers.ts';

/** What a request is answered with: the headers, with the code of a fault. */
async function asked(access: AccessControl, headers: Readonly<Record<string, string>>, exit = saying('x')) {
  const request = { ':method': 'GET', ':scheme': 'https', ':authority': 'here', ':path': '/', ...headers };
  const initial = emitter<Http['initial']>({ headers: headersOf(request) }, () => ({ pull: () => end() }));
  const { admit, answerHeaders } = accessControl(access);
  const frame: Frame<Http['reply']> = await firstValueFrom(admit(exit)(initial));
  const more = plain(answerHeaders(headersOf(request)));
  if (frame.kind === 'begin') return { ...plain(frame.ext.headers), ...more };
  return frame.kind === 'abort' ? { fault: frame.ext?.code, ...plain(frame.ext?.headers ?? []), ...more } : frame;
}

const plain = (headers: readonly HttpHeader[]): Record<string, string> =>
  Object.fromEntries(headers.map(({ name, value }) => [name, value]));

const open: AccessControl = { policy: 'cross-origin' };
const there = { origin: 'https://there' };
const GET = 'GET / HTTP/1.1\r\nHost: x\r\nOrigin: https://there\r\n';
const toAny = { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' };

describe('access control', () => {
  it('is no business of a request without an origin, or from the same one', async () => {
    const plainly = { ':status': '200', 'content-type': 'text/plain' };

    expect(await asked({ policy: 'same-origin' }, {})).toEqual(plainly);
    expect(await asked({ policy: 'same-origin' }, { origin: 'https://here' })).toEqual(plainly);
    const implied = { ':authority': 'HERE:443', origin: 'https://here' };
    expect(await asked({ policy: 'same-origin' }, implied)).toEqual(plainly);
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
    expect(await asked({ ...open, allow: { origins: ['https://else'] } }, there)).toEqual({
      fault: 'HTTP_FORBIDDEN',
      vary: 'origin',
    });
    expect(await asked({ ...open, allow: { methods: ['POST'] } }, there)).toEqual({
      fault: 'HTTP_FORBIDDEN',
      ...toAny,
    });
  });

  it('lets pages of any origin see answers where nothing is said of them', async () => {
    expect(await asked(open, there)).toMatchObject({
      ':status': '200',
      'access-control-allow-origin': '*',
      'access-control-expose-headers': '*',
    });
  });

  it('names the origin where it is one of some, whose credentials may come', async () => {
    const expected = { 'access-control-allow-origin': 'https://there', vary: 'origin' };

    expect(await asked({ ...open, allow: { origins: ['https://there'] } }, there)).toMatchObject(expected);
    expect(await asked({ ...open, allow: { origins: ['https://There:443'] } }, there)).toMatchObject(expected);
    const answer = await asked({ ...open, allow: { origins: ['https://there'], credentials: true } }, there);
    expect(answer).toMatchObject({ ...expected, 'access-control-allow-credentials': 'true' });
    expect(answer).not.toHaveProperty('access-control-expose-headers');
  });

  it('lets no page of just any origin bring credentials, whatever it is told', async () => {
    // @ts-expect-error: of which origins?
    const access: AccessControl = { ...open, allow: { credentials: true } };

    expect(await asked(access, there)).toMatchObject({ ':status': '200', 'access-control-allow-origin': '*' });
    expect(await asked(access, there)).not.toHaveProperty('access-control-allow-credentials');
  });

  it('refuses origins and names that are none', () => {
    for (const allow of [{ origins: ['*'] }, { origins: ['https://a, https://b'] }, { methods: ['GET, PUT'] }])
      expect(() => accessControl({ ...open, allow })).toThrow('OPTION_INVALID: allow.');
    expect(() => accessControl({ ...open, expose: { headers: ['a\r\nb'] } })).toThrow(
      'OPTION_INVALID: expose.headers cannot have "a\\r\\nb"',
    );
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
      ...toAny,
    });
    const some = { ...open, allow: { methods: ['GET', 'put'], headers: ['x-a'] }, maxAge: 60 };
    expect(await asked(some, preflight, never)).toMatchObject({
      'access-control-allow-methods': 'GET, put',
      'access-control-allow-headers': 'x-a',
      'access-control-max-age': '60',
    });
    expect(await asked({ ...open, allow: { methods: ['GET'] } }, preflight, never)).toEqual({
      fault: 'HTTP_FORBIDDEN',
      ...toAny,
    });
  });

  it('lets pages see faults, those of the server too', async () => {
    const accessControl = { ...open, allow: { origins: ['https://there'] } };
    const cases: [number, Binding<Http>, string][] = [
      [400, saying('x'), 'Host: y\r\n'],
      [404, () => of(abort({ code: 'HTTP_NOT_FOUND', message: '' })), ''],
      [417, saying('x'), 'Expect: miracles\r\n'],
      [500, () => throwError(() => new Error('a bug')), ''],
      [502, saying('x', { 'no name': 'x' }), ''],
      [503, () => EMPTY, ''],
    ];
    for (const [status, exit, header] of cases) {
      const server = await servingHttp(exit, { accessControl });
      const answer = await exchanged(server.port, `${GET}${header}Connection: close\r\n\r\n`);
      expect(answer).toContain(`HTTP/1.1 ${status}`);
      expect(answer).toContain('\r\naccess-control-allow-origin: https://there\r\nvary: origin\r\n');
      await server.stop();
    }
  });

  it('lets pages see faults in h2', async () => {
    const accessControl = { ...open, allow: { origins: ['https://there'] } };
    const server = await servingHttp(() => EMPTY, { accessControl, maxBody: 4 });
    const session = connect(`http://127.0.0.1:${server.port}`);
    for (const [status, length] of [
      [503, '4'],
      [413, '5'],
    ]) {
      const request = session.request({ ':method': 'POST', ...there, 'content-length': length }).on('error', () => {});
      const [headers] = await once(request, 'response');
      expect(headers).toMatchObject({
        ':status': status,
        'access-control-allow-origin': 'https://there',
        vary: 'origin',
      });
      request.destroy();
    }
    session.destroy();
    await server.stop();
  });

  it('adds nothing to an answer that says itself who may see it', async () => {
    const server = await servingHttp(saying('x', { 'access-control-allow-origin': 'https://mine' }), {
      accessControl: open,
    });
    const answer = await exchanged(server.port, `${GET}Connection: close\r\n\r\n`);

    expect(answer.match(/access-control-.*/g)).toEqual(['access-control-allow-origin: https://mine']);
    await server.stop();
  });
});
