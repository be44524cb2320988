/** Bytes of a header as node's http has them: a character for each. */
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** The bytes of a header that node's http gave. */
export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Bytes that are meant as text; of none, nothing. */
export const utf8 = (bytes: Uint8Array | null | undefined): string => (bytes ? Buffer.from(bytes).toString() : '');
