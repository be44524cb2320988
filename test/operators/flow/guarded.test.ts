import { Observable, Subject, VirtualTimeScheduler } from 'rxjs';
import { guarded } from '../../../operators/flow/guarded.ts';
import { emitter } from '../../../src/emitter.ts';
import { begin, end, type Frame } from '../../../src/frame.ts';
import { lawful } from '../../../src/lawful.ts';
import type { Authorization, Guarded, Identity } from '../../../src/protocol/guard.ts';
import type { Http } from '../../../src/protocol/http.ts';

const identity = (known: Partial<Identity> = {}): Identity => ({
  identity: 'alice',
  roles: ['read', 'write'],
  attributes: {},
  ...known,
});

/** A stream behind guards, in virtual time: what it is answered, and what the exit has of it. */
function opened(guards: Guarded, authorization: Authorization | undefined) {
  const clock = new VirtualTimeScheduler();
  const exit = { asked: 0, left: 0, wake: () => {}, ended: false };
  const answers: Frame<Http['reply']>[] = [];
  const initial = new Observable<Frame<Http['initial']>>((out) => {
    out.next(begin({ headers: [], ...(authorization && { authorization }) }, () => {}));
    out.next(end());
    out.complete();
  });
  const binding = guarded<Http>(
    guards,
    clock,
  )((frames) =>
    emitter<Http['reply']>({ headers: [] }, (wake, out) => {
      exit.asked += 1;
      exit.wake = wake;
      out.add(() => {
        exit.left += 1;
      });
      out.add(frames.subscribe());
      return { pull: () => (exit.ended ? end() : undefined) };
    }),
  );
  const reply = initial.pipe(lawful('initial'), binding, lawful('reply'));
  let completed = false;
  reply.subscribe({
    next: (frame) => void answers.push(frame),
    complete: () => {
      completed = true;
    },
  });
  const until = (ms: number): string[] => {
    clock.maxFrames = ms;
    clock.flush();
    return answers.map((frame) => (frame.kind === 'abort' ? `abort ${frame.ext?.code}` : frame.kind));
  };
  return { until, exit, isOver: () => completed };
}

describe('guarded', () => {
  it.each<[string, Authorization | undefined, string]>([
    ['nobody says who it is', undefined, 'HTTP_UNAUTHORIZED'],
    ['the guard recognised nobody', new Map(), 'HTTP_UNAUTHORIZED'],
    ['only another guard did', new Map([['h', identity()]]), 'HTTP_UNAUTHORIZED'],
    ['a role is missing', new Map([['g', identity({ roles: ['read'] })]]), 'HTTP_FORBIDDEN'],
  ])('refuses a stream where %s, and opens none', (_, authorization, code) => {
    const { until, exit, isOver } = opened({ g: ['read', 'write'] }, authorization);

    expect(until(0)).toEqual([`abort ${code}`]);
    expect([exit.asked, isOver()]).toEqual([0, true]);
  });

  it('lets pass who has all roles of all guards', () => {
    const both = new Map([
      ['g', identity()],
      ['h', identity({ roles: [] })],
    ]);

    expect(opened({ g: ['write'], h: [] }, both).until(0)).toEqual(['begin']);
    expect(opened({ g: ['write'], h: ['x'] }, both).until(0)).toEqual(['abort HTTP_FORBIDDEN']);
  });

  it('ends a stream at the time that one of its guards does not know the client any more, and no other', () => {
    const known = new Map([
      ['g', identity({ expires: 5_000 })],
      ['h', identity({ expires: 1_000 })],
    ]);
    const one = opened({ g: [] }, known);

    expect(one.until(4_999)).toEqual(['begin']);
    expect(one.until(5_000)).toEqual(['begin', 'abort GUARD_EXPIRED']);
    expect([one.exit.left, one.isOver()]).toEqual([1, true]);
    expect(opened({ g: [], h: [] }, known).until(1_000)).toEqual(['begin', 'abort GUARD_EXPIRED']);
  });

  it('waits for as long as a token is good, though no timer can', () => {
    const month = 30 * 24 * 60 * 60 * 1_000;
    const { until } = opened({ g: [] }, new Map([['g', identity({ expires: month })]]));

    expect(until(month - 1)).toEqual(['begin']);
    expect(until(month)).toEqual(['begin', 'abort GUARD_EXPIRED']);
  });

  it('watches no clock once the stream is over', () => {
    const { until, exit } = opened({ g: [] }, new Map([['g', identity({ expires: 5_000 })]]));
    until(0);
    exit.ended = true;
    exit.wake();

    expect(until(10_000)).toEqual(['begin', 'end']);
  });

  it('gives a client longer that shows itself anew, with the roles that are asked for', () => {
    const renewed = new Subject<Identity>();
    const known = identity({ expires: 1_000, renewal: { id: 'x', renewed } });
    const { until } = opened({ g: ['write'] }, new Map([['g', known]]));
    until(500);
    renewed.next(identity({ expires: 2_000 }));
    expect(until(1_999)).toEqual(['begin']);
    renewed.next(identity({ expires: 9_000, roles: ['read'] }));

    expect(until(2_000)).toEqual(['begin', 'abort GUARD_EXPIRED']);
  });
});
