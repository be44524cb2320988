import { map, type Observable, of } from 'rxjs';
import { emitter } from '../../src/emitter.ts';
import { abort, begin, end, type Frame } from '../../src/frame.ts';
import { pathPattern } from '../../src/path-pattern.ts';
import type { Filesystem, FilesystemReplyBegin } from '../../src/protocol/filesystem.ts';
import { unauthorized } from '../../src/protocol/guard.ts';
import {
  type Http,
  type HttpBegin,
  type HttpFault,
  type HttpReplyBegin,
  headerOf,
  headersOf,
  httpFault,
  pathOf,
} from '../../src/protocol/http.ts';
import { fill } from '../../src/protocol/template.ts';
import type { Binding } from '../../src/protocol.ts';
import { route } from '../flow/route.ts';

/** When a route takes a request: all that is given must hold. */
export interface HttpFilesystemWhen {
  /** The path without the query: `{name}` for a param, `*` for any run of characters. */
  readonly path?: string;
  readonly method?: string;
}

export interface HttpFilesystemRoute {
  /** Conditions, any of which takes a request; without any, it takes all. */
  readonly when: readonly HttpFilesystemWhen[];
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
 * @example
 * const page = filesystemServer({ location: 'public' });
 * tcpServer({ port: 7114 })(httpServer()(httpFilesystemProxy()(page))).subscribe();
 */
export const httpFilesystemProxy = ({
  routes = [],
}: HttpFilesystemProxyOptions = {}): ((exit: Binding<Filesystem>) => Binding<Http>) => {
  const ways = routes.map((each) => ({ ...each, conditions: each.when.map(conditionOf) }));

  return (exit) =>
    route<Http>((request) => {
      const { headers, authorization } = request;
      const method = headerOf(headers, ':method') ?? '';
      if (method !== 'GET' && method !== 'HEAD') return NOT_ALLOWED;
      const asked = pathOf(headerOf(headers, ':path') ?? '/');
      const path = asked.endsWith('/') ? `${asked}index.html` : asked;
      try {
        for (const { conditions, with: made, exit: taken } of ways) {
          const params = conditions.length === 0 ? {} : firstOf(conditions, method, path);
          if (params === undefined) continue;
          const file =
            made?.path === undefined
              ? fileOf(path)
              : fill(made.path, { params, authorization }, decodeURIComponent, nameOf);
          return file === undefined ? NOBODY : serve(taken, file, method, request);
        }
        return serve(exit, fileOf(path), method, request);
      } catch {
        return refusing(httpFault('HTTP_BAD_REQUEST', 'the path has an escape that is none'));
      }
    });
};

type Condition = (method: string, path: string) => Readonly<Record<string, string>> | undefined;

function conditionOf({ path, method }: HttpFilesystemWhen): Condition {
  const read = path === undefined ? () => ({}) : pathPattern(path);
  return (asked, at) => (method === undefined || method === asked ? read(at) : undefined);
}

function firstOf(conditions: readonly Condition[], method: string, path: string): ReturnType<Condition> {
  for (const condition of conditions) {
    const params = condition(method, path);
    if (params !== undefined) return params;
  }
  return undefined;
}

/** A claim as one name: with a `/` it would lead to the files of another. */
const nameOf = (claim: string): string | undefined => (claim.includes('/') ? undefined : claim);

const fileOf = (path: string): string => decodeURIComponent(path.slice(1));

const refusing =
  (fault: HttpFault): Binding<Http> =>
  () =>
    of(abort(fault));

const NOT_ALLOWED = refusing(httpFault('HTTP_METHOD', 'files are read only', headersOf({ allow: 'GET, HEAD' })));

const NOBODY = refusing(unauthorized('the file is that of somebody, and nobody was recognised'));

function serve(
  exit: Binding<Filesystem>,
  path: string,
  method: string,
  { headers, authorization }: HttpBegin,
): Binding<Http> {
  const tags = headers.filter(({ name }) => name === 'if-none-match').flatMap(({ value }) => tagsOf(value));
  const opening = { path, metadata: method === 'HEAD', tags, ...(authorization !== undefined && { authorization }) };
  const asking: Observable<Frame<Filesystem['initial']>> = emitter(opening, () => ({ pull: () => end() }));
  return () =>
    exit(asking).pipe(
      map(
        (frame): Frame<Http['reply']> =>
          frame.kind === 'begin' ? begin(answerOf(frame.ext, tags), frame.control) : frame,
      ),
    );
}

const tagsOf = (value: string): string[] =>
  value.split(',').map((tag) =>
    tag
      .trim()
      .replace(/^W\//, '')
      .replace(/^"(.*)"$/, '$1'),
  );

function answerOf({ size, type, tag, modified }: FilesystemReplyBegin, tags: readonly string[]): HttpReplyBegin {
  const common = { etag: `"${tag}"`, 'last-modified': new Date(modified).toUTCString(), 'cache-control': 'no-cache' };
  if (tags.includes(tag)) return { headers: headersOf({ ':status': '304', ...common }) };
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
