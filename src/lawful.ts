import type { Control } from './control.ts';
import { type Code, isCount, SluiceError } from './errors.ts';
import { begin, type Data, type Frame } from './frame.ts';
import { operate } from './listen.ts';
import { cut } from './payload.ts';
import type { AnyLane } from './protocol.ts';

/** The code of a law that one joint can show to be broken. */
export type LawCode = Extract<Code, `LAW_${string}`>;

/** Says which law was broken, and at which joint. */
export class FrameLawError extends SluiceError {
  readonly at: string;

  constructor(code: LawCode, at: string, detail: string) {
    super(code, `at ${at}: ${detail}`);
    this.at = at;
  }
}

/**
 * Passes frames through and errors on the first law broken at this joint, on either lane. What it checks: the grammar,
 * nothing after the end, DATA never beyond the credit granted here, serial delivery, after RESET only ABORT.
 *
 * Put it at both joints of an operator under test. It costs about as much as a `map`. Where frames are delayed between
 * their sender and this joint, frames that were under way when RESET was sent count as broken.
 *
 * @param at how the error names the joint
 */
export function lawful(at = 'joint'): AnyLane {
  return operate((out) => {
    let phase: 'idle' | 'open' | 'reset' | 'closed' = 'idle';
    let balance = 0;
    let delivering = false;

    const fail = (code: LawCode, detail: string): void => out.error(new FrameLawError(code, at, detail));

    const watched =
      (sink: (control: Control) => void) =>
      (control: Control): void => {
        if (control.kind === 'reset') {
          if (phase === 'open') phase = 'reset';
        } else if (isCount(control.credit)) balance += control.credit;
        else return fail('LAW_BAD_CREDIT', `credit ${control.credit}`);
        sink(control);
      };

    const broken = (frame: Frame): readonly [LawCode, string] | undefined => {
      if (delivering) return ['LAW_REENTRANT', frame.kind];
      if (phase === 'closed') return ['LAW_AFTER_TERMINAL', frame.kind];
      if (frame.kind === 'abort') return undefined;
      if (phase === 'reset') return ['LAW_AFTER_RESET', frame.kind];
      if ((frame.kind === 'begin') !== (phase === 'idle')) return ['LAW_GRAMMAR', `${frame.kind} while ${phase}`];
      return frame.kind === 'data' ? brokenData(frame, balance) : undefined;
    };

    return {
      next(frame) {
        const verdict = broken(frame);
        if (verdict !== undefined) return fail(...verdict);
        let passed = frame;
        switch (frame.kind) {
          case 'begin':
            phase = 'open';
            passed = begin(frame.ext, watched(frame.control));
            break;
          case 'data':
            balance -= frame.reserved;
            break;
          case 'end':
          case 'abort':
            phase = 'closed';
        }
        delivering = true;
        out.next(passed);
        delivering = false;
      },
      complete() {
        if (phase === 'closed' || phase === 'idle') out.complete();
        else fail('LAW_UNTERMINATED', `completed while ${phase}`);
      },
    };
  });
}

function brokenData(frame: Data<unknown>, balance: number): readonly [LawCode, string] | undefined {
  if (!isCount(frame.reserved)) return ['LAW_BAD_RESERVED', `reserved ${frame.reserved}`];
  if (balance > 0 && cut(frame, balance) === undefined) return undefined;
  return ['LAW_OVERDRAWN', `reserved ${frame.reserved} on a balance of ${balance}`];
}
