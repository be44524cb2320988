import { emitter } from '../../src/emitter.ts';
import { abort, data, end, type Following, type Frame, flush } from '../../src/frame.ts';
import { lawful, reset, type SluiceError, window } from '../../src/index.ts';
import { records } from '../../src/run.ts';
import type { LawLane } from '../../src/testing/index.ts';
import { Turns } from '../../src/testing/index.ts';

type Lane = LawLane;

const record = (offset: number): Following<Lane> =>
  records([{ key: 'k', cost: 1, partition: 0, offset: BigInt(offset) }]) as Following<Lane>;

/** Collects kinds; grants `early` inside BEGIN and `echo` inside each DATA. */
function collect(frames: ReturnType<typeof emitter<Lane>>, early: number, echo = 0) {
  const kinds: string[] = [];
  let control: Extract<Frame, { kind: 'begin' }>['control'] = () => {};
  const subscription = frames.pipe(lawful()).subscribe({
    next(frame) {
      kinds.push(frame.kind);
      if (frame.kind === 'begin') {
        control = frame.control;
        if (early > 0) control(window(early));
      } else if (frame.kind === 'data' && echo > 0) control(window(echo));
    },
    error: (error) => kinds.push(`error ${error.message}`),
    complete: () => kinds.push('complete'),
  });
  return { kinds, control: (credit: number) => control(window(credit)), subscription };
}

const counted = (total: number) =>
  emitter<Lane>(undefined, () => {
    let sent = 0;
    return { pull: (balance) => (sent === total ? end() : balance > 0 ? record(sent++) : undefined) };
  });

describe('emitter', () => {
  it('sends BEGIN on subscription and nothing before credit', () => {
    expect(collect(counted(3), 0).kinds).toEqual(['begin']);
  });

  it('sends what credit granted inside BEGIN pays for, after BEGIN', () => {
    expect(collect(counted(3), 2).kinds).toEqual(['begin', 'data', 'data']);
  });

  it('goes on with credit granted inside DATA', () => {
    expect(collect(counted(3), 1, 1).kinds).toEqual(['begin', 'data', 'data', 'data', 'end', 'complete']);
  });

  it('sends FLUSH and END without credit', () => {
    const frames = [flush({ mark: 'caught-up' }), end()];
    const source = emitter<Lane>(undefined, () => ({ pull: () => frames.shift() }));
    expect(collect(source, 0).kinds).toEqual(['begin', 'flush', 'end', 'complete']);
  });

  it('looks again when it is woken', () => {
    let wake = () => {};
    const waiting: Following<Lane>[] = [];
    const source = emitter<Lane>(undefined, (again) => {
      wake = again;
      return { pull: () => waiting.shift() };
    });
    const { kinds } = collect(source, 1);
    waiting.push(record(0));
    wake();
    expect(kinds).toEqual(['begin', 'data']);
  });

  it('bears being woken while it opens', () => {
    const source = emitter<Lane>(undefined, (wake) => {
      wake();
      return { pull: () => end() };
    });
    expect(collect(source, 0).kinds).toEqual(['begin', 'end', 'complete']);
  });

  it('turns a throw of its source into the Rx error of its receiver', () => {
    const source = emitter<Lane>(undefined, () => ({
      pull() {
        throw new Error('a bug');
      },
    }));
    expect(collect(source, 1).kinds).toEqual(['begin', 'error a bug']);
  });

  it('turns a throw inside a grant into the same, and not into a throw of the grant', () => {
    const source = emitter<Lane>(undefined, () => ({
      pull(balance) {
        if (balance > 0) throw new Error('a bug');
        return undefined;
      },
    }));
    const { kinds, control } = collect(source, 0);
    expect(() => control(1)).not.toThrow();
    expect(kinds).toEqual(['begin', 'error a bug']);
  });

  it('tells its source of RESET and ends with the ABORT that it answers', () => {
    const reasons: unknown[] = [];
    const fault = { code: 'WHY', message: 'because' };
    const frames: Frame<Lane>[] = [];
    emitter<Lane>(undefined, () => ({
      pull: () => undefined,
      reset(ext) {
        reasons.push(ext);
        return abort(fault);
      },
    })).subscribe((frame) => {
      frames.push(frame);
      if (frame.kind === 'begin') frame.control({ kind: 'reset', ext: 'enough' });
    });
    expect(reasons).toEqual(['enough']);
    expect(frames[1]).toEqual(abort(fault));
  });

  it('is deaf after its end', () => {
    const { kinds, control } = collect(counted(1), 1);
    control(5);
    expect(kinds).toEqual(['begin', 'data', 'end', 'complete']);
  });

  it('sends nothing when it is woken by the clean-up of its receiver', () => {
    let pulled = 0;
    const source = emitter<Lane>(undefined, (wake, out) => {
      out.add(wake);
      return {
        pull() {
          pulled += 1;
          return pulled > 1 ? abort() : undefined;
        },
      };
    });
    const { kinds, subscription } = collect(source, 0);
    subscription.unsubscribe();
    expect([kinds, pulled]).toEqual([['begin'], 1]);
  });

  it('stops pulling when its receiver leaves in a later turn', () => {
    const turns = new Turns();
    let pulled = 0;
    const source = emitter<Lane>(
      undefined,
      () => ({
        pull() {
          pulled += 1;
          turns.time += 1;
          return data(undefined as never, 1);
        },
      }),
      turns,
    );
    const subscription = source.subscribe((frame) => frame.kind === 'begin' && frame.control(window(1_000)));
    const before = pulled;
    expect(before).toBeLessThan(12);
    subscription.unsubscribe();
    while (turns.turn());
    expect(pulled).toBe(before);
  });

  it('turns a throw of the hook for RESET into the Rx error of its receiver', () => {
    const source = emitter<Lane>(undefined, () => ({
      pull: () => undefined,
      reset() {
        throw new Error('a bug');
      },
    }));
    const seen: string[] = [];
    let refuse = (): void => {};
    source.subscribe({
      next(frame) {
        seen.push(frame.kind);
        if (frame.kind === 'begin') refuse = () => frame.control(reset());
      },
      error: (error: Error) => seen.push(error.message),
    });
    expect(refuse).not.toThrow();
    expect(seen).toEqual(['begin', 'a bug']);
  });

  it('sends exactly ABORT when it is woken inside the hook for RESET', () => {
    let pulled = 0;
    const source = emitter<Lane>(undefined, (wake) => ({
      pull() {
        pulled += 1;
        return pulled > 1 ? record(0) : undefined;
      },
      reset: () => {
        wake();
        return undefined;
      },
    }));
    const kinds: string[] = [];
    source.subscribe({
      next(frame) {
        kinds.push(frame.kind);
        if (frame.kind === 'begin') frame.control(reset('enough'));
      },
      complete: () => kinds.push('complete'),
    });
    expect([kinds, pulled]).toEqual([['begin', 'abort', 'complete'], 0]);
  });

  it('folds a wake inside a pull into the same loop', () => {
    const waiting = [record(0), record(1), end()];
    let deep = 0;
    let deepest = 0;
    const source = emitter<Lane>(undefined, (wake) => ({
      pull(balance) {
        if (balance <= 0) return undefined;
        deep += 1;
        deepest = Math.max(deepest, deep);
        wake();
        deep -= 1;
        return waiting.shift();
      },
    }));
    expect(collect(source, 9).kinds).toEqual(['begin', 'data', 'data', 'end', 'complete']);
    expect(deepest).toBe(1);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('errors on a grant of %p', (credit) => {
    const codes: unknown[] = [];
    counted(1).subscribe({
      next: (frame) => frame.kind === 'begin' && frame.control({ kind: 'window', credit }),
      error: ({ code }: SluiceError) => codes.push(code),
    });
    expect(codes).toEqual(['LAW_BAD_CREDIT']);
  });
});
