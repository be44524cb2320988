import { type HttpHeader, httpFault, TOKEN } from '../protocol/http.ts';
import type { KafkaRecord } from '../protocol/kafka.ts';
import type { HttpAnswer } from './answered.ts';
import { headerText } from './text.ts';

/**
 * A reply as the answer to a request: its headers, `:status` among them (200 by default), and its value.
 *
 * @param correlation the name of the header that says what it replies to, which is left out
 * @throws SluiceError HTTP_BAD_REPLY
 */
export function replyAnswer({ headers, value }: KafkaRecord, correlation: string): HttpAnswer {
  const answer: HttpHeader[] = [];
  let status = '200';
  for (const { name: written, value: bytes } of headers) {
    const name = written.toLowerCase();
    if (name === ':status') status = headerText(bytes);
    else if (written === correlation || name === 'content-length' || name.startsWith(':')) continue;
    else if (TOKEN.test(name)) answer.push({ name, value: headerText(bytes) });
    else throw httpFault('HTTP_BAD_REPLY', 'a reply has a header that http cannot carry');
  }
  if (!/^[2-5]\d\d$/.test(status)) throw httpFault('HTTP_BAD_REPLY', 'a reply has a status that is none');
  const body = value ?? new Uint8Array(0);
  const opening = { name: ':status', value: status };
  if (status === '204' || status === '304') return { headers: [opening, ...answer] };
  return { headers: [opening, ...answer, { name: 'content-length', value: String(body.length) }], body };
}
