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

/** Answers `value` if it is an integer >= 1. @throws SluiceError OPTION_INVALID */
export function positive(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new SluiceError('OPTION_INVALID', `${name} must be an integer >= 1, not ${value}`);
}
