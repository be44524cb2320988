import type { SchedulerLike } from 'rxjs';
import { isFault, positive, SluiceError } from '../../src/errors.ts';
import { type PathWhen, paramsOf, pathConditions } from '../../src/path-pattern.ts';
import { type Http, headerOf, headersOf, httpFault, pathOf } from '../../src/protocol/http.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';
import { refusing, route } from '../flow/route.ts';
import { correlating } from './correlate.ts';
import { fetching } from './fetch.ts';
import { producing } from './produce.ts';
import type { HeaderNames, HttpKafkaRoute, Settings, Way } from './routes.ts';

export interface HttpKafkaProxyOptions {
  /** Tried in order, at least one; a request that none of them takes is answered with 404, or 405. */
  readonly routes: readonly HttpKafkaRoute[];
  /** `idempotency-key`, `zilla:reply-to` and `zilla:correlation-id` by default. */
  readonly headers?: Partial<HeaderNames>;
  /** How long Kafka may keep a request waiting that is not for somebody's reply, in milliseconds; 30,000 by default. Then 504. */
  readonly timeout?: number;
  /**
   * How old a reply may be that is there before its request, which was sent before or asks for it, in milliseconds: what is
   * there is read for it that far back. 86,400,000 (a day) by default.
   */
  readonly lookBack?: number;
}

/**
 * Serves topics over http: GET answers what a topic holds, other requests become its records, and are answered once they are
 * written, or by a record of another topic that replies to them.
 *
 * @throws SluiceError OPTION_INVALID
 *
 * @example
 * const items = httpKafkaProxy({
 *   routes: [{ when: [{ path: '/items/{id}' }], with: { capability: 'fetch', topic: 'items', filters: [{ key: '${params.id}' }] }, exit }],
 * });
 * tcpServer({ port: 7114 })(httpServer()(items)).subscribe();
 */
export function httpKafkaProxy(options: HttpKafkaProxyOptions, scheduler: SchedulerLike = eventLoop): Binding<Http> {
  const { routes, headers, timeout = 30_000, lookBack = 24 * 60 * 60 * 1_000 } = options;
  positive('timeout', timeout);
  positive('lookBack', lookBack);
  if (routes.length === 0) throw new SluiceError('OPTION_INVALID', 'routes must have one at least');
  const header: HeaderNames = {
    idempotencyKey: 'idempotency-key',
    replyTo: 'zilla:reply-to',
    correlationId: 'zilla:correlation-id',
    ...headers,
  };
  const ways = routes.map((one) => ({
    paramsOf: pathConditions(one.when),
    isRead: one.with.capability === 'fetch',
    open: wayOf(one, {
      header: { ...header, idempotencyKey: header.idempotencyKey.toLowerCase() },
      timeout,
      lookBack,
      scheduler,
    }),
  }));
  const conditions = routes.flatMap(({ when, with: { capability } }) =>
    when.flatMap((one) => (capability === 'fetch' && one.method === 'GET' ? [one, { ...one, method: 'HEAD' }] : [one])),
  );

  return route<Http>((begin) => {
    const method = headerOf(begin.headers, ':method') ?? '';
    const path = pathOf(headerOf(begin.headers, ':path') ?? '/');
    try {
      for (const { paramsOf, isRead, open } of ways) {
        const params = paramsOf({ path, method: isRead && method === 'HEAD' ? 'GET' : method });
        if (params !== undefined) return open(begin, { params, authorization: begin.authorization });
      }
      const others = methodsOf(conditions, path);
      if (others.length === 0) return undefined;
      throw httpFault('HTTP_METHOD', 'the path takes other methods', headersOf({ allow: others.join(', ') }));
    } catch (thrown) {
      if (thrown instanceof URIError)
        return refusing(httpFault('HTTP_BAD_REQUEST', 'the path has an escape that is none'));
      if (isFault(thrown)) return refusing(thrown);
      throw thrown;
    }
  });
}

function wayOf({ when, with: made, exit }: HttpKafkaRoute, settings: Settings): Way {
  const names = { params: paramsOf(when) };
  if (made.capability === 'fetch') return fetching(made, exit, names, settings);
  const { replyTo, async } = made;
  if (replyTo !== undefined) return correlating({ ...made, replyTo }, exit, names, settings);
  if (async === undefined) return producing(made, exit, names, settings);
  throw new SluiceError('OPTION_INVALID', 'async needs a topic that replies come from');
}

/** The methods with which a path is taken. */
const methodsOf = (conditions: readonly PathWhen[], path: string): string[] => [
  ...new Set(
    conditions.flatMap(({ method, ...one }) =>
      method !== undefined && pathConditions([one])({ path }) !== undefined ? [method] : [],
    ),
  ),
];
