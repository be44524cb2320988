import { defer, type Observable, of } from 'rxjs';
import type { Piece } from '../pieces.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** What every answer has. */
export interface Answer {
  /** For how many milliseconds the broker now reads nothing more from this connection (KIP-219). */
  readonly throttleMs: number;
}

/** One kind of request: what is asked, what is answered, and how both are written in the versions it speaks. */
export interface Api<Q, R extends Answer = Answer> {
  readonly key: number;
  readonly name: string;
  readonly versions: readonly [min: number, max: number];
  /** The first version in the flexible encoding (KIP-482), whose headers have tagged fields too. */
  readonly flexible: number;
  /** The body of a request, in as many pieces as it has; nothing is copied that is large. */
  encode(version: number, body: Q): Observable<readonly Piece[]>;
  /** What the body of a response says; it may hold views of `bytes`. Errors if they are not such a response. */
  decode(version: number, bytes: Uint8Array): Observable<R>;
  /** Whether the broker answers at all; it does, unless given. */
  answered?(body: Q): boolean;
  /** Whether the broker may keep the answer back for a while, and with it all that is asked behind it. */
  parks?(body: Q): boolean;
}

interface Definition<Q, R extends Answer> extends Omit<Api<Q, R>, 'encode' | 'decode'> {
  request(to: Writer<Piece>, body: Q, version: number): void;
  response(from: Reader, version: number): R;
}

/** An api whose codec is our own: fields by position, in Kafka's order; the name of a file says which schema it is. */
export const api = <Q, R extends Answer>({ request, response, ...rest }: Definition<Q, R>): Api<Q, R> => ({
  ...rest,
  encode: (version, body) =>
    defer(() => {
      const writer = new Writer<Piece>(version >= rest.flexible);
      request(writer, body, version);
      return of(writer.finish());
    }),
  decode: (version, bytes) =>
    defer(() => {
      const reader = new Reader(bytes, version >= rest.flexible);
      const answer = response(reader, version);
      reader.finish();
      return of(answer);
    }),
});
