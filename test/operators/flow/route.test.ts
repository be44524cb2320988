import { delay, Observable, map as rxMap } from 'rxjs';
import { route } from '../../../operators/flow/route.ts';
import { abort, type Binding, type Frame, lawful, type Protocol } from '../../../src/index.ts';
import { type Marbles, marbles } from '../../../src/testing/index.ts';
import { type ItemLane, values } from './values.ts';

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
});
