import { Observable, type Subscriber } from 'rxjs';
import {
  abort,
  begin,
  type Control,
  data,
  end,
  type Frame,
  FrameLawError,
  flush,
  lawful,
  records,
  reset,
  window,
} from '../../src/index.ts';

type Sender = (out: Subscriber<Frame>, granted: Control[]) => void;

/** The code of the first law broken by a source whose consumer grants `credit` inside BEGIN. */
function verdict(send: Sender, credit = 2, onFrame?: (frame: Frame) => void): string {
  let code = 'kept';
  new Observable<Frame>((out) => send(out, [])).pipe(lawful('here')).subscribe({
    next(frame) {
      if (frame.kind === 'begin' && credit > 0) frame.control(window(credit));
      onFrame?.(frame);
    },
    error(error: FrameLawError) {
      expect(error).toBeInstanceOf(FrameLawError);
      expect(error.at).toBe('here');
      code = error.code;
    },
  });
  return code;
}

const opening = begin(undefined, () => {});
const one = (cost = 1) => data('a', cost);
const sending =
  (...frames: Frame[]): Sender =>
  (out) => {
    for (const frame of frames) out.next(frame);
    out.complete();
  };

describe('lawful', () => {
  it.each<[string, Sender, string]>([
    ['a lane that begins, sends within its credit and ends', sending(opening, one(), one(), end()), 'kept'],
    ['a lane that is refused before it begins', sending(abort()), 'kept'],
    ['a source that neither begins nor ends', sending(), 'kept'],
    ['DATA before BEGIN', sending(one()), 'LAW_GRAMMAR'],
    ['a second BEGIN', sending(opening, opening), 'LAW_GRAMMAR'],
    ['DATA after END', sending(opening, end(), one()), 'LAW_AFTER_TERMINAL'],
    ['END after ABORT', sending(opening, abort(), end()), 'LAW_AFTER_TERMINAL'],
    ['ABORT after ABORT', sending(opening, abort(), abort()), 'LAW_AFTER_TERMINAL'],
    ['completion without END', sending(opening, one()), 'LAW_UNTERMINATED'],
    ['DATA beyond the credit', sending(opening, one(), one(), one()), 'LAW_OVERDRAWN'],
    ['a last record that overdraws', sending(opening, one(), one(500), end()), 'kept'],
    [
      'a run whose last record overdraws',
      sending(
        opening,
        records(['a', 'b'], () => 2),
      ),
      'LAW_OVERDRAWN',
    ],
    ['bytes beyond the credit', sending(opening, data(new Uint8Array(3), 3)), 'LAW_OVERDRAWN'],
    ['bytes within it', sending(opening, data(new Uint8Array(2), 2), end()), 'kept'],
    ['DATA that costs nothing', sending(opening, one(0)), 'LAW_BAD_RESERVED'],
    ['DATA that costs a fraction', sending(opening, one(0.5)), 'LAW_BAD_RESERVED'],
  ])('judges %s', (_, send, code) => {
    expect(verdict(send)).toBe(code);
  });

  it('judges DATA without any credit', () => {
    expect(verdict(sending(opening, one()), 0)).toBe('LAW_OVERDRAWN');
  });

  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('judges a grant of %d', (credit) => {
    const onFrame = (frame: Frame) => frame.kind === 'begin' && frame.control(window(credit));
    expect(verdict(sending(opening, end()), 0, onFrame)).toBe('LAW_BAD_CREDIT');
  });

  it('judges a frame delivered inside the delivery of another', () => {
    const nested: Sender = (out) => out.next(begin(undefined, () => out.next(one())));
    expect(verdict(nested)).toBe('LAW_REENTRANT');
  });

  describe('after RESET', () => {
    const refusing = (frame: Frame) => frame.kind === 'data' && refuse();
    let refuse = () => {};
    const remember = (frame: Frame) => {
      if (frame.kind === 'begin') refuse = () => frame.control(reset());
      refusing(frame);
    };

    it.each<[string, Frame, string]>([
      ['ABORT', abort(), 'kept'],
      ['DATA', one(), 'LAW_AFTER_RESET'],
      ['FLUSH', flush({ mark: 'progress' }), 'LAW_AFTER_RESET'],
      ['END', end(), 'LAW_AFTER_RESET'],
    ])('judges %s', (_, frame, code) => {
      expect(verdict(sending(opening, one(), frame), 5, remember)).toBe(code);
    });

    it('judges completion without ABORT', () => {
      expect(verdict(sending(opening, one()), 5, remember)).toBe('LAW_UNTERMINATED');
    });
  });

  it('passes a defect on as it is', () => {
    const defect = new Error('a bug');
    let got: unknown;
    new Observable<Frame>((out) => out.error(defect)).pipe(lawful()).subscribe({ error: (error) => (got = error) });
    expect(got).toBe(defect);
  });
});
