/**
 * Every code this project reports and what it means in a line. Each has a heading of its own in docs/errors.md.
 */
export const codes = {
  LAW_GRAMMAR: 'a lane is not begin (data | flush)* (end | abort)',
  LAW_AFTER_TERMINAL: 'a frame came after END or ABORT',
  LAW_UNTERMINATED: 'a lane completed without END or ABORT',
  LAW_OVERDRAWN: 'DATA was sent without credit, or overdrew it by more than its last record',
  LAW_BAD_RESERVED: 'the cost of a DATA is not an integer >= 1',
  LAW_BAD_CREDIT: 'granted credit is not an integer >= 1',
  LAW_REENTRANT: 'a frame was delivered inside the delivery of another',
  LAW_AFTER_RESET: 'something other than ABORT came after RESET',
  OPTION_INVALID: 'an option has a value it cannot take',
  FANOUT_OVERFLOW: 'a consumer fell further behind than its queue holds',
  ROUTE_NONE: 'no route takes this stream',
  ROUTE_TAKEN: 'an exit subscribed twice to the stream that a route handed it',
  STAGE_FULL: 'unfinished records fill what a partition may stage on disk',
  STAGE_DISK: 'a staged record cannot be written to disk, or read from it',
  STAGE_EXIT: 'an exit ended before it had answered what was staged for it',
  NET_LISTEN: 'a server cannot listen on its host and port',
  NET_TARGET: 'a connection was asked for without saying to which host and port',
  NET_LOOKUP: 'a host name could not be resolved',
  NET_REFUSED: 'nothing listens on the host and port of a connection',
  NET_UNREACHABLE: 'there is no way to the host of a connection',
  NET_TIMEOUT: 'a peer did not answer in time',
  NET_RESET: 'the peer reset the connection',
  NET_CLOSED: 'the connection was closed before its time',
  NET_FAILED: 'the operating system failed a connection',
  TLS_UNTRUSTED: 'the certificate of the peer is not signed by anyone trusted',
  TLS_EXPIRED: 'the certificate of the peer is not valid at this time',
  TLS_WRONG_HOST: 'the certificate of the peer is for another host',
  TLS_NAME_UNKNOWN: 'the host to verify is not known',
  TLS_PLAINTEXT: 'the peer does not speak TLS',
  TLS_VERSION: 'the two ends have no TLS version or cipher in common',
  TLS_ALPN: 'the two ends have no application protocol in common',
  TLS_CLIENT_CERTIFICATE: 'the client showed no certificate, or one that is not trusted',
  TLS_REFUSED: 'the peer ended the handshake with an alert',
  TLS_TIMEOUT: 'the handshake did not finish in time',
  TLS_HANDSHAKE: 'the handshake failed',
  TLS_FAILED: 'a TLS connection broke after its handshake',
  VAULT_UNREADABLE: 'a store of a vault cannot be read',
  VAULT_INVALID: 'a store of a vault is not what its type says',
  VAULT_PASSWORD: 'the password of a store of a vault is missing or wrong',
  VAULT_ENTRY: 'a vault has no entry of this name',
  KAFKA_FRAME: 'a broker announced a response of a size that cannot be',
  KAFKA_TRUNCATED: 'the connection to a broker ended inside a response',
  KAFKA_CORRELATION: 'a broker answered something that was not asked',
  KAFKA_RESPONSE: 'a response of a broker cannot be read',
  KAFKA_DISCONNECTED: 'the connection to a broker ended before a request was answered',
  KAFKA_TIMEOUT: 'a broker did not answer in time',
  KAFKA_CLOSED: 'a connection to a broker was closed on this side',
  KAFKA_VERSION: 'a broker and this client have no version of a request in common',
  KAFKA_TOO_OLD: 'a broker is older than Kafka 3.1',
  KAFKA_SASL_MECHANISM: 'a broker does not offer the SASL mechanism',
  KAFKA_SASL: 'a broker did not accept the credentials',
  KAFKA_IDENTITY: 'a broker did not accept the credentials of whom a stream is for',
  KAFKA_SASL_BROKER: 'a broker could not prove that it knows the credentials, or broke the rules of the mechanism',
  KAFKA_ERROR: 'a broker answered with an error of its own',
  KAFKA_CRC: 'a record batch is not what was written',
  KAFKA_RECORD_BATCH: 'a record batch cannot be read',
  KAFKA_MESSAGE_FORMAT: 'a record batch has a format that is not read',
  KAFKA_CODEC: 'compressed records do not inflate',
  KAFKA_TOO_LARGE: 'compressed records would inflate to more than they may',
  KAFKA_DELIVERY_TIMEOUT: 'a record was not acknowledged in time',
  KAFKA_RECORD_TOO_LARGE: 'a record is larger than a producer sends',
  KAFKA_BATCH_REFUSED: 'a record was refused with another one of its batch',
  KAFKA_FRAGMENT: 'the parts of a produced record do not fit together',
  MESSAGE_GAP: 'messages are gone that were to be read',
  MESSAGE_DECODE: 'the key or value of a message cannot be decoded',
  MESSAGE_ENCODE: 'a record cannot be encoded',
  PRODUCE_CLOSED: 'a record was given to a producer that takes no more, or was given up',
  HTTP_BAD_REQUEST: 'a request is not http, or not one that can be understood',
  HTTP_UNAUTHORIZED: 'a request does not say who it is from, or not so that it is believed',
  HTTP_FORBIDDEN: 'a request asks for what it may not have',
  HTTP_NOT_FOUND: 'a request asks for what is not there',
  HTTP_METHOD: 'a request has a method that its path does not take',
  HTTP_NOT_ACCEPTABLE: 'a request accepts no form that there is',
  HTTP_REQUEST_TIMEOUT: 'a request was not sent in time',
  HTTP_PRECONDITION: 'what a request takes for granted is not so',
  HTTP_BODY_TOO_LARGE: 'the body of a request is larger than it may be',
  HTTP_EXPECTATION: 'a request expects what cannot be done',
  HTTP_HEADERS_TOO_LARGE: 'the headers of a request are larger than they may be',
  HTTP_BAD_REPLY: 'what was to answer a request is nothing that http can carry',
  HTTP_UNAVAILABLE: 'a request cannot be answered for now',
  HTTP_UPSTREAM_TIMEOUT: 'what a request asks for did not come in time',
  HTTP_WRITE_TIMEOUT: 'a client took nothing of an answer for too long',
  GUARD_EXPIRED: 'what a client showed to a guard does not hold any more',
  GUARD_REFUSED: 'a guard does not accept what a client shows',
  GUARD_UNAVAILABLE: 'a guard cannot judge for now',
  SSE_ID_TOO_LONG: 'the ids of events would be longer than clients may send them back',
  FILE_NOT_FOUND: 'there is no such file',
  FILE_FAILED: 'a file cannot be read',
  CACHE_LOCKED: 'another process has the directory of a cache open',
  CACHE_KIND: 'a directory holds a store of another kind, or something else',
  CACHE_OPEN: 'the directory of a cache cannot be used',
  CACHE_DAMAGED: 'a topic log on this machine, the only copy there is, does not open',
  CACHE_CORRUPT: 'what a cache has stored is not what was written, and cannot be fetched again now',
  CACHE_WRITE: 'a cache cannot be written to',
  CACHE_RESTARTED: 'a log begins anew, so that what was to be appended does not fit',
  CACHE_CLOSED: 'the cache of a log was closed, or the topic is gone',
  SNAPSHOT_EXPIRED: 'a bounded read took nothing for too long',
  SNAPSHOT_LOST: 'what a bounded read had still to send is gone from the log',
  CACHE_LOG_MISSING: 'the exit of a cache client brings no log',
  CACHE_LOG_GONE: 'the log of a partition is no longer kept',
  CONFIG_INVALID: 'a config has mistakes',
  CONFIG_SYNTAX: 'a config is not YAML',
  CONFIG_TOO_LARGE: 'a config is larger or deeper than any config should be',
  CONFIG_DUPLICATE_KEY: 'a key stands twice in one mapping',
  CONFIG_KEY_FORBIDDEN: 'a key has a name that no key may have',
  CONFIG_UNKNOWN_KEY: 'a key is not known where it stands',
  CONFIG_MISSING: 'a key that is needed is missing',
  CONFIG_TYPE: 'a value is of the wrong type',
  CONFIG_VALUE: 'a value is of the right type and cannot be taken all the same',
  CONFIG_EXPRESSION: 'an expression is not one that can be resolved',
  CONFIG_ENV_UNSET: 'an expression reads an environment variable that is not set',
  CONFIG_UNKNOWN_TYPE: 'nothing of this type is known',
  CONFIG_UNKNOWN_KIND: 'a type has no such kind',
  CONFIG_UNKNOWN_EXIT: 'an exit names a binding that does not exist',
  CONFIG_UNKNOWN_VAULT: 'a binding names a vault that does not exist',
  CONFIG_UNKNOWN_GUARD: 'a binding names a guard that does not exist',
  CONFIG_UNKNOWN_BINDING: 'a graph was asked for a binding that it does not have',
  CONFIG_UNSUPPORTED: 'something known that this build cannot honour',
  CONFIG_PROTOCOL: 'an exit leads to a binding that speaks another protocol, or a stream is opened of one that does',
  CONFIG_CYCLE: 'exits lead round in a circle',
  CONFIG_UNREACHABLE: 'no server leads to a binding',
  CONFIG_IDLE: 'a graph was to run in which nothing runs of its own',
  CONFIG_IDLE_GUARD: 'a guard recognises nobody, since nothing asks it',
  CONFIG_CREDENTIALS: 'credentials are allowed to pages of any origin, and so to none',
  CONFIG_REFUSED: 'a binding or vault refuses its options',
  CLI_FILE: 'a file given on the command line cannot be read',
  CLI_INPUT: 'what is to be produced cannot be read as records',
  CLI_OUTPUT: 'records cannot be written to standard output',
  CLI_DRAIN: 'streams were cut off, since they did not finish in time after a signal',
} as const;

export type Code = keyof typeof codes;

/** What an ABORT says: a code with a heading in docs/errors.md, and a sentence that names the place. */
export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** An error with a code. A fault may be one, so that the same value serves a throw and an ABORT. */
export class SluiceError extends Error implements Fault {
  override readonly name = 'SluiceError';
  readonly code: Code;

  constructor(code: Code, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.code = code;
  }
}

/** Whether a value is an integer >= 1, as credit and costs are. */
export const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

/** Whether what an Observable failed with, or what was thrown, is a fault; anything else is a defect. */
export const isFault = (thrown: unknown): thrown is Fault =>
  thrown instanceof SluiceError ||
  (typeof thrown === 'object' && thrown !== null && 'code' in thrown && !(thrown instanceof Error));

/** Answers `value` if it is an integer >= 1. @throws SluiceError OPTION_INVALID */
export function positive(name: string, value: number): number {
  if (isCount(value)) return value;
  throw new SluiceError('OPTION_INVALID', `${name} must be an integer >= 1, not ${value}`);
}

/** Answers `value` if it is one of `words`, or is not given. @throws SluiceError OPTION_INVALID */
export function oneOf<T extends string | undefined>(name: string, value: T, words: readonly NonNullable<T>[]): T {
  if (value === undefined || words.includes(value as NonNullable<T>)) return value;
  throw new SluiceError('OPTION_INVALID', `${name} must be ${words.join(' or ')}, not ${value}`);
}
