import { delay, EMPTY, Observable, of, map as rxMap, take, throwError } from 'rxjs';
import { route } from '../../../operators/flow/route.ts';
import {
  abort,
  type Binding,
  emitter,
  end,
  type Frame,
  lawful,
  type Protocol,
  reset,
  window,
} from '../../../src/index.ts';
import { type Marbles, marbles } from '../../../src/testing/index.ts';
import { Sender } from '../../src/sender.ts';
import { type Item, type ItemLane, values } from './values.ts';

interface Routed extends Protocol {
  readonly initial: ItemLane;
  readonly reply: ItemLane;
}

const echo: Binding<Routed> = (initial) => initial;
const upper: Binding<Routed> = (initial) =>
  initial.pipe(rxMap((frame): Frame<ItemLane> => (frame.kind === 'data' ? values.A : frame)));

const routed = route<Routed>((ext) => ({ echo, upper })[ext as 'echo' | 'upper']);

describe('route', () => {
  const test = (name: string, body: (m: Marbles) => void) => it(name, marbles(body));
  const { B: _, ...letters } = { ...values, B: values.a };

  test('leads a stream through the exit chosen when it begins', (m) => {
    const through = (ext: string) =>
      m.producing<ItemLane>('-a-b-|', values, ext).pipe(lawful('in'), routed, lawful('out'), m.granting('9'));
    const B = (ext: string) => ({ ...letters, B: { kind: 'begin' as const, ext, control: () => {} } });
    m.expectFrames(through('echo')).toBe(' Ba-b-(E|)', B('echo'));
    m.expectFrames(through('upper')).toBe('BA-A-(E|)', B('upper'));
  });

  test('resets and aborts a stream that no route takes', (m) => {
    const upstream = m.probe();
    const refused = m
      .producing<ItemLane>('-a-|', values, 'elsewhere')
      .pipe(upstream, lawful('in'), routed, lawful('out'));
    m.expectFrames(refused).toBe('(X|)', { X: abort({ code: 'ROUTE_NONE', message: '' }) });
  });

  test('holds what comes before its exit subscribes', (m) => {
    const late = route<Routed>(
      () => (initial) =>
        new Observable((reply) => {
          m.scheduler.schedule(() => reply.add(initial.subscribe(reply)), 3);
        }),
    );
    const frames = m.producing<ItemLane>('|', values).pipe(lawful('in'), late, lawful('out'));
    m.expectFrames(frames).toBe('---(BE|)');
  });

  test('leaves its source when the reply is left', (m) => {
    const upstream = m.probe();
    const frames = m.producing<ItemLane>('-a-b-|', values, 'echo').pipe(upstream, routed, delay(0), m.granting('9'));
    m.expectFrames(frames, '^--!').toBe('Ba-', { ...letters, B: { kind: 'begin', ext: 'echo', control: () => {} } });
  });

  const led = (exit: Binding<Routed> | undefined) => {
    const sender = new Sender<Item & { cost: number }>();
    const seen: string[] = [];
    const subscription = sender.frames.pipe(route<Routed>(() => exit)).subscribe({
      next: ({ kind }) => seen.push(kind),
      error: (error: Error) => seen.push(error.message),
      complete: () => seen.push('complete'),
    });
    return { sender, seen, subscription };
  };

  it('says why in the RESET of a stream that no route takes, and leaves it', () => {
    const { sender, seen } = led(undefined);
    expect(sender.controls).toEqual([reset(expect.objectContaining({ code: 'ROUTE_NONE' }))]);
    expect([seen, sender.observed]).toEqual([['abort', 'complete'], false]);
  });

  it('delivers what a grant inside BEGIN brings behind BEGIN, also to an exit that comes late', () => {
    const order: string[] = [];
    let come = (): void => {};
    const exit: Binding<Routed> = (initial) =>
      new Observable((reply) => {
        come = () =>
          reply.add(
            initial.subscribe((frame) => {
              order.push(`${frame.kind} in`);
              if (frame.kind === 'begin') frame.control(window(2));
              order.push(`${frame.kind} out`);
            }),
          );
      });
    const source = emitter<ItemLane>(undefined, () => {
      const left = [values.a, values.b];
      return { pull: (balance) => (left.length === 0 ? end() : balance > 0 ? left.shift() : undefined) };
    });
    source.pipe(route<Routed>(() => exit)).subscribe();
    expect(order).toEqual([]);
    come();
    expect(order).toEqual(['begin', 'data', 'data', 'end'].flatMap((kind) => [`${kind} in`, `${kind} out`]));
  });

  it('refuses an exit that subscribes twice, for the second would miss BEGIN', () => {
    const told: unknown[] = [];
    const exit: Binding<Routed> = (initial) =>
      new Observable(() => {
        initial.subscribe(({ kind }) => told.push(kind));
        initial.subscribe({ error: ({ code }) => told.push(code) });
      });
    const { seen } = led(exit);
    expect([told, seen]).toEqual([['begin', 'ROUTE_TAKEN'], []]);
  });

  it('leaves its source when the exit leaves early, and lets the reply go on', () => {
    let answer = (): void => {};
    const exit: Binding<Routed> = (initial) =>
      new Observable((reply) => {
        initial.pipe(take(1)).subscribe();
        answer = () => {
          reply.next(end());
          reply.complete();
        };
      });
    const { sender, seen } = led(exit);
    expect([sender.observed, seen]).toEqual([false, []]);
    answer();
    expect(seen).toEqual(['end', 'complete']);
  });

  it('hands a defect of its source to the exit chosen, or to the reply if there is none yet', () => {
    const { sender, seen } = led(echo);
    sender.error();
    expect(seen).toEqual(['begin', 'a defect']);
    const early: string[] = [];
    throwError(() => new Error('a defect'))
      .pipe(routed)
      .subscribe({ error: (error: Error) => early.push(error.message) });
    expect(early).toEqual(['a defect']);
  });

  it('passes on the ABORT of a stream that was refused before it began, and one that is empty', () => {
    const kinds = (frames: Observable<Frame<ItemLane>>): string[] => {
      const seen: string[] = [];
      frames.pipe(routed).subscribe({ next: ({ kind }) => seen.push(kind), complete: () => seen.push('complete') });
      return seen;
    };
    expect(kinds(of(abort({ code: 'WHY', message: '' })))).toEqual(['abort', 'complete']);
    expect(kinds(EMPTY)).toEqual(['complete']);
  });
});
