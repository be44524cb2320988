import { type Observable, of, Subject } from 'rxjs';
import type { CacheEvent } from '../../../src/cache/events.ts';
import { GuardedStore, PROBE } from '../../../src/cache/guarded-store.ts';
import type { Store } from '../../../src/cache/store.ts';
import { Clock } from '../kafka/clock.ts';
import { MemoryStore } from './memory-store.ts';

/** A store whose writes and openings are done when the test says so. */
function setup() {
  const clock = new Clock();
  const written = new Subject<void>();
  const opened = new Subject<Store>();
  const events: CacheEvent[] = [];
  const told = { openings: 0, closings: 0 };
  class Slow extends MemoryStore {
    override write(): Observable<void> {
      return written;
    }
    override close(): Observable<void> {
      told.closings += 1;
      return super.close();
    }
  }
  const store = new GuardedStore(new Slow(), {
    directory: 'd',
    open: () => {
      told.openings += 1;
      return opened;
    },
    ...{ hasRoom: () => of(true), scheduler: clock, notify: (event: CacheEvent) => events.push(event), lost() {} },
  });
  return { clock, written, opened, events, told, store, another: () => new Slow() };
}

describe('a store that is closed', () => {
  it('should not be opened again since something was still being written', () => {
    const { clock, written, events, told, store } = setup();
    const codes: string[] = [];
    store.write([]).subscribe({ error: ({ code }) => codes.push(code) });
    store.close().subscribe();
    written.error(new Error('closed'));
    clock.advance(10 * PROBE);
    expect([codes, events, told]).toEqual([['CACHE_WRITE'], [], { openings: 0, closings: 1 }]);
  });

  it('should be closed though it is just being opened anew', () => {
    const { clock, written, opened, told, store, another } = setup();
    store.write([]).subscribe({ error() {} });
    written.error(new Error('No space left on device'));
    clock.advance(PROBE);
    expect(told).toEqual({ openings: 1, closings: 1 });
    let isClosed = false;
    store.close().subscribe({
      complete: () => {
        isClosed = true;
      },
    });
    expect(isClosed).toBe(false);
    opened.next(another());
    expect([isClosed, told.closings]).toEqual([true, 2]);
  });
});
