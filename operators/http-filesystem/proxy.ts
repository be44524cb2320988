import { map, type Observable } from 'rxjs';
import { emitter } from '../../src/emitter.ts';
import { begin, end, type Frame } from '../../src/frame.ts';
import { type PathWhen, paramsOf, pathConditions } from '../../src/path-pattern.ts';
import { expression } from '../../src/protocol/expression.ts';
import { type Filesystem, type FilesystemReplyBegin, isKnown } from '../../src/protocol/filesystem.ts';
import { unauthorized } from '../../src/protocol/guard.ts';
import {
  type Http,
  type HttpBegin,
  type HttpReplyBegin,
  headerOf,
  headersOf,
  httpFault,
  pathOf,
  tagsOf,
} from '../../src/protocol/http.ts';
import type { Binding } from '../../src/protocol.ts';
import { refusing, route } from '../flow/route.ts';

export interface HttpFilesystemRoute {
  /** Conditions, any of which takes a request; without any, it takes all. */
  readonly when: readonly PathWhen[];
  /** The file to read, such as `${params.path}` or `${guarded['jwt'].identity}/a.txt`; that of the path by default. */
  readonly with?: { readonly path?: string } | undefined;
  readonly exit: Binding<Filesystem>;
}

export interface HttpFilesystemProxyOptions {
  /** Tried in order, before the exit. */
  readonly routes?: readonly HttpFilesystemRoute[];
}

/**
 * Serves files over http: GET and HEAD of a path read the file of that name, `index.html` of one that ends with `/`. The
 * answer has a content type and an etag, and is 304 to a client that has it already.
 *
 * @throws SluiceError OPTION_INVALID
 *
 * @example
 * const page = filesystemServer({ location: 'public' });
 * tcpServer({ port: 7114 })(httpServer()(httpFilesystemProxy()(page))).subscribe();
 */
export const httpFilesystemProxy = ({
  routes = [],
}: HttpFilesystemProxyOptions = {}): ((exit: Binding<Filesystem>) => Binding<Http>) => {
  const ways = routes.map(({ when, with: made, exit }) => ({
    taken: pathConditions(when),
    file: made?.path === undefined ? undefined : expression(made.path, { params: paramsOf(when), claim: nameOf }),
    exit,
  }));

  return (exit) =>
    route<Http>((request) => {
      const { headers, authorization } = request;
      const method = headerOf(headers, ':method') ?? '';
      if (method !== 'GET' && method !== 'HEAD') return NOT_ALLOWED;
      const asked = pathOf(headerOf(headers, ':path') ?? '/');
      // It would be part of a name to who routes, and lead into a directory here.
      if (/%2f/i.test(asked)) return NO_FILE;
      const path = asked.endsWith('/') ? `${asked}index.html` : asked;
      try {
        for (const { taken, file, exit: way } of ways) {
          const params = taken({ path, method });
          if (params === undefined) continue;
          const named = file === undefined ? fileOf(path) : file({ params, authorization });
          return named === undefined ? NOBODY : serve(way, named, method, request);
        }
        return serve(exit, fileOf(path), method, request);
      } catch (thrown) {
        if (thrown instanceof URIError) return BAD_ESCAPE;
        throw thrown;
      }
    });
};

/** A claim as one name: with a `/` it would lead to the files of another. */
const nameOf = (claim: string): string | undefined => (claim.includes('/') ? undefined : claim);

const fileOf = (path: string): string => decodeURIComponent(path.slice(1));

const NOT_ALLOWED = refusing<Http>(httpFault('HTTP_METHOD', 'files are read only', headersOf({ allow: 'GET, HEAD' })));

const NO_FILE = refusing<Http>(httpFault('HTTP_NOT_FOUND', 'no name has a slash in it'));

const BAD_ESCAPE = refusing<Http>(httpFault('HTTP_BAD_REQUEST', 'the path has an escape that is none'));

const NOBODY = refusing<Http>(unauthorized('the file is that of somebody, and nobody was recognised'));

function serve(
  exit: Binding<Filesystem>,
  path: string,
  method: string,
  { headers, authorization }: HttpBegin,
): Binding<Http> {
  const tags = tagsOf(headers, 'if-none-match');
  // Who shows tags is told by these alone (RFC 9110, section 13.1.3).
  const shown = { tags, since: tags.length === 0 ? timeOf(headerOf(headers, 'if-modified-since')) : undefined };
  const opening = {
    path,
    metadata: method === 'HEAD',
    ...shown,
    ...(authorization !== undefined && { authorization }),
  };
  const asking: Observable<Frame<Filesystem['initial']>> = emitter(opening, () => ({ pull: () => end() }));
  return () =>
    exit(asking).pipe(
      map(
        (frame): Frame<Http['reply']> =>
          frame.kind === 'begin' ? begin(answerOf(frame.ext, isKnown(shown, frame.ext)), frame.control) : frame,
      ),
    );
}

/** A time of HTTP; what is none is left alone. */
function timeOf(text = ''): number | undefined {
  const time = /^[A-Z].* GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

function answerOf({ size, type, tag, modified }: FilesystemReplyBegin, known: boolean): HttpReplyBegin {
  const common = { etag: `"${tag}"`, 'last-modified': new Date(modified).toUTCString(), 'cache-control': 'no-cache' };
  if (known) return { headers: headersOf({ ':status': '304', ...common }) };
  return {
    headers: headersOf({
      ':status': '200',
      'content-type': type,
      'content-length': String(size),
      ...common,
      'x-content-type-options': 'nosniff',
    }),
  };
}
