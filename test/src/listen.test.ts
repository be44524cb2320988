import { config, Observable, of, Subject, Subscriber } from 'rxjs';
import { listen, operate } from '../../src/listen.ts';

describe('listen', () => {
  const unhandled: unknown[] = [];
  beforeAll(() => {
    config.onUnhandledError = (error) => unhandled.push(error);
  });
  afterAll(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    config.onUnhandledError = null;
    expect(unhandled).toEqual([]);
  });

  const receiver = () => {
    const seen: unknown[] = [];
    const out = new Subscriber<never>({
      next: () => {},
      error: (error: unknown) => seen.push(error),
      complete: () => seen.push('complete'),
    });
    return { out, seen };
  };

  it.each(['next', 'error', 'complete'] as const)('contains a throw of its %s', (what) => {
    const bug = new Error('a bug');
    const source = new Subject<number>();
    const { out, seen } = receiver();
    listen(source, out, {
      next() {},
      [what]() {
        throw bug;
      },
    });
    expect(() => (what === 'complete' ? source.complete() : source[what](1))).not.toThrow();
    expect(seen).toEqual([bug]);
    expect(source.observed).toBe(false);
  });

  it('stops a source that emits synchronously', () => {
    let asked = 0;
    const source = new Observable<number>((out) => {
      while (!out.closed && asked < 1_000) {
        asked += 1;
        out.next(asked);
      }
    });
    const { out, seen } = receiver();
    const bug = new Error('a bug');
    listen(source, out, {
      next(value) {
        if (value === 3) throw bug;
      },
    });
    expect([asked, seen]).toEqual([3, [bug]]);
  });

  it('passes error and completion on unless told otherwise', () => {
    const { out, seen } = receiver();
    listen(of(1), out, { next() {} });
    expect(seen).toEqual(['complete']);
  });

  it('leaves its source when its receiver does', () => {
    const source = new Subject<number>();
    const { out } = receiver();
    listen(source, out, { next() {} });
    out.unsubscribe();
    expect(source.observed).toBe(false);
  });

  it('reports the throw of a handler, whatever the clean-up of its source throws', () => {
    const source = new Observable<number>((out) => {
      out.add(() => {
        throw new Error('while cleaning up');
      });
      out.next(1);
    });
    const { out, seen } = receiver();
    const bug = new Error('a bug');
    const run = (): unknown =>
      listen(source, out, {
        next() {
          throw bug;
        },
      });
    expect(run).not.toThrow();
    expect(seen).toEqual([bug]);
  });

  it('does not subscribe for a receiver that is closed', () => {
    let subscribed = false;
    const source = new Observable<number>(() => {
      subscribed = true;
    });
    const { out } = receiver();
    out.unsubscribe();
    expect([listen(source, out, { next() {} }).closed, subscribed]).toEqual([true, false]);
  });

  it('lets an operator connect afresh for each subscriber', () => {
    let connected = 0;
    const operator = operate((out) => {
      connected += 1;
      return { next: (frame) => out.next(frame) };
    });
    const frames = of({ kind: 'end' as const, ext: undefined }).pipe(operator);
    frames.subscribe();
    frames.subscribe();
    expect(connected).toBe(2);
  });
});
