import { httpFault } from '../protocol/http.ts';

const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Bytes of a record as node's http has the value of a header: a character for each.
 *
 * @throws SluiceError HTTP_BAD_REPLY
 */
export function headerText(bytes: Uint8Array | null): string {
  const text = Buffer.from(bytes ?? [])
    .toString('latin1')
    .trim();
  if (VALUE.test(text)) return text;
  throw httpFault('HTTP_BAD_REPLY', 'a record has a header that http cannot carry');
}

/** The bytes of a header that node's http gave. */
export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Bytes that are meant as text; of none, nothing. */
export const utf8 = (bytes: Uint8Array | null | undefined): string => (bytes ? Buffer.from(bytes).toString() : '');
