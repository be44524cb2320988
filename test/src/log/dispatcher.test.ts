import { Dispatcher, type Waiter } from '../../../src/log/dispatcher.ts';
import { Turns } from '../../../src/testing/index.ts';
import { MemoryLog } from './memory-log.ts';

/** A reader that notes when it is woken. */
class Reader implements Waiter {
  offset: bigint;
  wakes = 0;

  constructor(offset: bigint) {
    this.offset = offset;
  }

  wake(): void {
    this.wakes += 1;
  }

  reach(offset: bigint): void {
    this.offset = offset;
  }

  level(): void {}

  fail(thrown: unknown): void {
    throw thrown;
  }
}

describe('a dispatcher', () => {
  it('should wake who is not as far as those that wait for keys at the next change, and not at once', () => {
    const turns = new Turns();
    const log = new MemoryLog({ scheduler: turns });
    log.append([{ key: 'a' }, { key: 'b' }]);
    const dispatcher = new Dispatcher(log, turns);
    const [ahead, behind] = [new Reader(2n), new Reader(1n)];
    for (const [reader, name] of [
      [ahead, 'a'],
      [behind, 'b'],
    ] as const) {
      dispatcher.join(reader);
      dispatcher.awaitKeys(reader, [name], 'read_committed');
    }
    while (turns.turn());
    expect([ahead.wakes, behind.wakes]).toEqual([0, 0]);
    log.append([{ key: 'c' }]);
    while (turns.turn());
    expect(behind.wakes).toBe(1);
  });

  it('should wake who waits for any of the keys of what comes once, before all that is for it', () => {
    const turns = new Turns();
    const log = new MemoryLog({ scheduler: turns, chunk: 20_000 });
    log.append([{ key: 'none' }]);
    const dispatcher = new Dispatcher(log, turns);
    const keys = Array.from({ length: 10_000 }, (_, number) => `k${number}`);
    const readers = [['k0'], ['k9999', 'k4'], ['k7', 'k5000'], ['no'], ['k4096']].map((names) => {
      const reader = new Reader(1n);
      dispatcher.join(reader);
      dispatcher.awaitKeys(reader, names, 'read_committed');
      return reader;
    });
    log.append(keys.map((key) => ({ key })));
    while (turns.turn());
    expect(readers.map(({ wakes }) => wakes)).toEqual([1, 1, 1, 0, 1]);
    for (const [index, first] of [0, 4, 7, undefined, 4_096].entries())
      if (first !== undefined) expect(readers[index]?.offset).toBeLessThanOrEqual(BigInt(first + 1));
    log.append([{ key: 'no' }]);
    while (turns.turn());
    expect(readers.map(({ wakes }) => wakes)).toEqual([1, 1, 1, 1, 1]);
  });

  it('should wake who waits for keys once it has missed something', () => {
    const turns = new Turns();
    const log = new MemoryLog({ scheduler: turns });
    log.append([{ key: 'a' }]);
    const dispatcher = new Dispatcher(log, turns);
    const reader = new Reader(1n);
    dispatcher.join(reader);
    dispatcher.awaitKeys(reader, ['a'], 'read_committed');
    log.recreate();
    while (turns.turn());
    expect(reader.wakes).toBe(1);
  });
});
