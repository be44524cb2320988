import { catchError, concatMap, defer, type Observable, tap, throwError } from 'rxjs';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { Exchange } from './connection-exchange.ts';
import type { Answer, Api } from './requests/api.ts';
import { apiVersions } from './requests/api-versions.ts';
import { Reader } from './requests/reader.ts';
import { Writer } from './requests/writer.ts';

export interface CallOptions {
  /** Whether it passes all that waits; not, by default. */
  readonly urgent?: boolean;
  /** In milliseconds. */
  readonly timeout: number;
}

/** Makes a request in a version, when subscribed to, and emits what was answered. */
export type Call = <Q, R extends Answer>(
  api: Api<Q, R>,
  version: number,
  body: Q,
  options: CallOptions,
) => Observable<R>;

/** Between what is asked and answered, and the bytes that `exchange` carries. */
export const caller =
  (exchange: Exchange, broker: string, clientId: string): Call =>
  (api, version, body, { urgent = false, timeout }) => {
    const { name } = api;
    const unreadable = (cause: unknown): Observable<never> => {
      const why = `the response, v${version}, cannot be read: ${(cause as Error).message}`;
      return throwError(() => new KafkaError('KAFKA_RESPONSE', why, { cause }).at(`${broker}, ${name}`));
    };
    return api.encode(version, body).pipe(
      concatMap((pieces) =>
        exchange.send({
          name,
          write: (correlation) => [header(api, version, correlation, clientId), ...pieces],
          answered: api.answered?.(body) ?? true,
          urgent,
          timeout,
        }),
      ),
      concatMap((response) =>
        defer(() => api.decode(version, bodyOf(api, version, response))).pipe(catchError(unreadable)),
      ),
      tap(({ throttleMs }) => exchange.throttle.set(throttleMs)),
    );
  };

type Versioned = Pick<Api<never>, 'key' | 'flexible'>;

/** The header of a request (schema RequestHeader: v2 where the request is flexible, else v1). */
function header({ key, flexible }: Versioned, version: number, correlation: number, clientId: string): Uint8Array {
  // The client id has the classic encoding in every version, so that any broker can read it.
  const classic = new Writer(false);
  classic.int16(key);
  classic.int16(version);
  classic.int32(correlation);
  classic.string(clientId);
  if (version >= flexible) classic.int8(0);
  return Buffer.concat(classic.finish());
}

/** A response without its header (schema ResponseHeader: v1 where the response is flexible, but for ApiVersions, else v0). */
function bodyOf({ key, flexible }: Versioned, version: number, response: Uint8Array): Uint8Array {
  const reader = new Reader(response, version >= flexible && key !== apiVersions.key);
  reader.int32();
  reader.tags();
  return response.subarray(response.byteLength - reader.left);
}
