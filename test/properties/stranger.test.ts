import * as fc from 'fast-check';
import { type AnyLane, operate, type RunLane, window } from 'sluice';
import { type LawRecord, laws } from 'sluice/testing';

/** An operator as a user writes one: it passes the runs of one partition. */
const partition = (wanted: number, giveBack: boolean): AnyLane<RunLane<LawRecord>> =>
  operate<RunLane<LawRecord>>((out) => {
    let refund = (_credit: number): void => {};
    return {
      next(frame) {
        if (frame.kind === 'begin' && giveBack) refund = (credit) => frame.control(window(credit));
        if (frame.kind !== 'data' || frame.payload.at(0).partition === wanted) return out.next(frame);
        refund(frame.reserved);
      },
    };
  });

describe("a stranger's operator", () => {
  laws({
    ...{ test: it, fc, name: 'partition' },
    operator: () => partition(0, true),
    window: 'transparent',
    delivers: (record) => record.partition === 0,
  });

  it('is caught when it does not give back what it leaves out, by the law that it breaks', () => {
    const broken: string[] = [];
    const test = (name: string, body: () => void): void => {
      try {
        body();
      } catch {
        broken.push(name);
      }
    };
    laws({
      test,
      fc,
      name: 'partition',
      operator: () => partition(0, false),
      window: 'transparent',
      delivers: () => false,
    });
    expect(broken).toContain('partition: opens its window, and never more of it');
  });
});
