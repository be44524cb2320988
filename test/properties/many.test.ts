import fc from 'fast-check';
import { from, type Observable } from 'rxjs';
import { fanout } from '../../operators/flow/fanout.ts';
import { merge } from '../../operators/flow/merge.ts';
import { type Control, type Frame, type Gap, lawful, returnedAt, window } from '../../src/index.ts';
import type { LawLane, LawRecord } from '../../src/testing/index.ts';
import { Sender } from '../../src/testing/sender.ts';
import { Turns } from '../../src/testing/turns.ts';

const WINDOW = 4;

/** A consumer that keeps what it gets, and grants when told to. */
function consume(frames: Observable<Frame<LawLane>>, echo: boolean) {
  const got: LawRecord[] = [];
  const gaps: Gap[] = [];
  const closing: string[] = [];
  let sink = (_: Control): void => {};
  const grant = (credit: number): void => sink(window(credit));
  frames.subscribe({
    next(frame) {
      switch (frame.kind) {
        case 'begin':
          sink = frame.control;
          if (echo) grant(1);
          return;
        case 'data':
          for (let index = 0; index < frame.payload.length; index += 1) got.push(frame.payload.at(index));
          if (echo) grant(frame.reserved);
          return;
        case 'flush':
          if ('mark' in frame.ext && frame.ext.mark === 'gap') gaps.push(frame.ext as Gap);
          return;
        default:
          closing.push(frame.kind);
      }
    },
    error: (error) => closing.push(String(error)),
    complete: () => closing.push('complete'),
  });
  return { got, gaps, closing, grant };
}

const runs = fc.array(
  fc.array(fc.record({ key: fc.constantFrom('k', 'l'), cost: fc.integer({ min: 1, max: 3 }) }), {
    minLength: 1,
    maxLength: 4,
  }),
  { maxLength: 12 },
);

const allOf = (senders: readonly Sender[]): LawRecord[] =>
  senders.flatMap(({ items }) => items.flatMap((item) => ('record' in item ? [item.record] : [])));

describe('merge, of many sources', () => {
  it('keeps the order of each, loses nothing, and returns each its own window', () => {
    fc.assert(
      fc.property(fc.array(runs, { minLength: 1, maxLength: 4 }), fc.boolean(), (productions, echo) => {
        const turns = new Turns();
        const senders = productions.map(() => new Sender());
        const merged = from(senders.map(({ frames }) => frames.pipe(lawful('in')))).pipe(
          merge<LawLane>({ begin: undefined, window: WINDOW, scheduler: turns }),
          lawful('out'),
        );
        const { got, closing, grant } = consume(merged, echo);
        const rounds = Math.max(...productions.map(({ length }) => length));
        for (let round = 0; round < rounds; round += 1) {
          for (const [partition, sender] of senders.entries()) {
            const produce = productions[partition]?.[round];
            if (produce !== undefined) sender.do({ produce, partition });
          }
          grant(1);
        }
        grant(10_000);
        for (const sender of senders) {
          expect(sender.most).toBeLessThanOrEqual(WINDOW);
          expect(WINDOW - sender.balance).toBeLessThan(returnedAt(WINDOW));
          sender.end();
        }
        expect(closing).toEqual(['end', 'complete']);
        for (const [partition, sender] of senders.entries()) {
          expect(got.filter((record) => record.partition === partition)).toEqual(allOf([sender]));
        }
        expect(got.length).toBe(allOf(senders).length);
      }),
    );
  });

  it('lets no source with more to send hold up another', () => {
    const [busy, quiet] = [new Sender(), new Sender()];
    const merged = from([busy.frames, quiet.frames]).pipe(merge<LawLane>({ begin: undefined, window: 64 }));
    const { got, grant } = consume(merged, false);
    for (let sent = 0; sent < 60; sent += 1) busy.do({ produce: [{ key: 'k', cost: 1 }], partition: 0 });
    quiet.do({ produce: [{ key: 'k', cost: 1 }], partition: 1 });
    grant(2);
    expect(got.map(({ partition }) => partition)).toEqual([0, 1]);
  });
});

describe('fanout, to many consumers', () => {
  const consumers = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 });

  it('delivers all to one that keeps up, whatever the others do, and tells the others every gap', () => {
    fc.assert(
      fc.property(runs, consumers, (production, paces) => {
        const turns = new Turns();
        const sender = new Sender();
        const shared = sender.frames.pipe(
          lawful('in'),
          fanout<LawRecord>({ window: WINDOW, capacity: 5, overflow: 'drop-oldest', scheduler: turns }),
        );
        const prompt = consume(shared.pipe(lawful('prompt')), true);
        const others = paces.map((pace) => ({ pace, ...consume(shared.pipe(lawful(`pace ${pace}`)), false) }));
        for (const produce of production) {
          sender.do({ produce, partition: 0 });
          expect(sender.spent).toBe(allOf([sender]).reduce((sum, { cost }) => sum + cost, 0));
          for (const { pace, grant } of others) if (pace > 0) grant(pace);
        }
        sender.end();
        const sent = allOf([sender]);
        expect(sent.length).toBe(production.flat().length);
        expect(prompt.got).toEqual(sent);
        expect(prompt.closing).toEqual(['end', 'complete']);
        for (const { grant, got, gaps, closing } of others) {
          grant(10_000);
          expect(closing).toEqual(['end', 'complete']);
          const told = ({ offset }: LawRecord) => gaps.some(({ from: first, to }) => first <= offset && offset < to);
          expect(sent.filter((record) => !got.includes(record))).toEqual(sent.filter(told));
        }
      }),
    );
  });

  it('leaves upstream when the last consumer has, and not before', () => {
    const sender = new Sender();
    const shared = sender.frames.pipe(fanout({ window: WINDOW, capacity: 5, overflow: 'abort' }));
    const [one, two] = [shared.subscribe(), shared.subscribe()];
    one.unsubscribe();
    expect(sender.left).toBe(false);
    two.unsubscribe();
    expect(sender.left).toBe(true);
  });

  it('bears consumers that leave, and come, inside a delivery', () => {
    const sender = new Sender();
    const shared = sender.frames.pipe(fanout<LawRecord>({ window: WINDOW, capacity: 50, overflow: 'abort' }));
    const late: unknown[] = [];
    const first = consume(shared, true);
    const leaving = shared.subscribe((frame) => {
      if (frame.kind === 'begin') frame.control(window(9));
      if (frame.kind !== 'data') return;
      leaving.unsubscribe();
      late.push(consume(shared, true));
    });
    const last = consume(shared, true);
    for (let sent = 0; sent < 5; sent += 1) sender.do({ produce: [{ key: 'k', cost: 1 }], partition: 0 });
    expect([first.got.length, last.got.length, late.length]).toEqual([5, 5, 1]);
  });

  it('turns a long list of consumers into several turns of the event loop', () => {
    const turns = new Turns();
    const sender = new Sender();
    const shared = sender.frames.pipe(
      fanout<LawRecord>({ window: WINDOW, capacity: 50, overflow: 'abort', scheduler: turns }),
    );
    let served = 0;
    for (let index = 0; index < 1_000; index += 1) {
      shared.subscribe((frame) => {
        if (frame.kind === 'begin') frame.control(window(9));
        if (frame.kind === 'data') {
          served += 1;
          turns.time += 1;
        }
      });
    }
    sender.do({ produce: [{ key: 'k', cost: 1 }], partition: 0 });
    expect(served).toBeLessThan(12);
    while (turns.turn());
    expect(served).toBe(1_000);
  });
});
