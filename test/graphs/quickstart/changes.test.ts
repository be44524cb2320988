import * as fc from 'fast-check';
import { changes, type Look, type ProcessEvent, type ProcessState } from '../../../graphs/quickstart/changes.ts';
import type { Process } from '../../../graphs/quickstart/process-list.ts';

const shell: Process = { pid: 7, name: 'sh', cpuTime: 1_000, memory: 4_096, began: 50_000 };
const state: ProcessState = { pid: 7, name: 'sh', cpu: 0, memory: 4_096, began: 50_000 };
const look = (at: number, ...processes: Process[]): Look => ({ at, processes });
const told = (...states: ProcessState[]) => new Map(states.map((one) => [one.pid, one]));

describe('what a look adds to the topics', () => {
  it('is nothing where nothing changed', () => {
    expect(changes(told(state), look(100_000, shell), look(101_000, shell))).toEqual([]);
  });

  it('is the CPU that a process took since the look before, in percent of one core', () => {
    const busy = { ...shell, cpuTime: 3_505 };
    const [change] = changes(told(state), look(100_000, shell), look(102_000, busy));
    expect(change).toEqual({ pid: 7, state: { ...state, cpu: 125.3 }, events: [] });
  });

  it('is the memory of a process, and its name, which an exec changes', () => {
    const grown = { ...shell, memory: 8_192 };
    expect(changes(told(state), look(100_000, shell), look(101_000, grown))[0]?.state?.memory).toBe(8_192);
    const renamed = { ...shell, name: 'ls' };
    const [change] = changes(told(state), look(100_000, shell), look(101_000, renamed));
    expect(change).toEqual({ pid: 7, state: { ...state, name: 'ls' }, events: [] });
  });

  it('is the start of a process, which took what it took since then', () => {
    const born: Process = { pid: 8, name: 'cc', cpuTime: 400, memory: 1, began: 100_400 };
    expect(changes(told(state), look(100_000, shell), look(101_000, shell, born))).toEqual([
      {
        pid: 8,
        state: { pid: 8, name: 'cc', cpu: 40, memory: 1, began: 100_400 },
        events: [{ event: 'start', pid: 8, name: 'cc', at: 100_400 }],
      },
    ]);
  });

  it('is the exit of a process, and a tombstone', () => {
    expect(changes(told(state), look(100_000, shell), look(101_000))).toEqual([
      { pid: 7, state: null, events: [{ event: 'exit', pid: 7, name: 'sh', at: 101_000 }] },
    ]);
  });

  it('is an exit and a start where a pid stands for another process than before', () => {
    const other: Process = { pid: 7, name: 'vi', cpuTime: 10, memory: 5, began: 100_500 };
    expect(changes(told(state), look(100_000, shell), look(101_000, other))).toEqual([
      {
        pid: 7,
        state: { pid: 7, name: 'vi', cpu: 1, memory: 5, began: 100_500 },
        events: [
          { event: 'exit', pid: 7, name: 'sh', at: 101_000 },
          { event: 'start', pid: 7, name: 'vi', at: 100_500 },
        ],
      },
    ]);
  });

  it('is the same process after the machine has set its clock a little', () => {
    const shifted = { ...shell, began: 50_900, memory: 8_192 };
    const [change] = changes(told(state), look(100_000, shifted), look(101_000, shifted));
    expect(change).toEqual({ pid: 7, state: { ...state, memory: 8_192 }, events: [] });
  });

  it('has no start of what was there when nothing had been told', () => {
    expect(changes(told(), look(100_000, shell), look(101_000, shell))).toEqual([{ pid: 7, state, events: [] }]);
  });

  it('takes no CPU where the clock was set back', () => {
    const busy = { ...shell, cpuTime: 2_000, memory: 5_000 };
    expect(changes(told(state), look(100_000, shell), look(90_000, busy))[0]?.state?.cpu).toBe(0);
  });

  it('leaves the topic telling what was seen, and each process started once and gone once', () => {
    const process = fc.record({
      pid: fc.integer({ min: 1, max: 6 }),
      name: fc.constantFrom('a', 'b'),
      cpuTime: fc.integer({ min: 0, max: 900 }),
      memory: fc.integer({ min: 0, max: 3 }),
      began: fc.constantFrom(10_000, 20_000, 30_000),
    });
    const seen = fc.uniqueArray(process, { selector: ({ pid }) => pid });
    fc.assert(
      fc.property(fc.array(seen, { minLength: 1, maxLength: 12 }), (looks) => {
        const topic = new Map<number, ProcessState>();
        const events: ProcessEvent[] = [];
        let before = look(100_000);
        const alive = new Map<number, string>();
        for (const [index, processes] of looks.entries()) {
          const now = look(101_000 + index * 1_000, ...processes);
          const isFirst = topic.size === 0;
          const found = changes(topic, before, now);
          expect(new Set(found.map(({ pid }) => pid)).size).toBe(found.length);
          for (const { pid, state, events: news } of found) {
            if (state === null) topic.delete(pid);
            else topic.set(pid, state);
            for (const one of news) {
              expect(alive.has(pid)).toBe(one.event === 'exit');
              if (one.event === 'exit') alive.delete(pid);
              else alive.set(pid, one.name);
              events.push(one);
            }
          }
          if (isFirst) for (const { pid, name } of processes) alive.set(pid, name);
          const tells = ({ pid, name, memory, began }: Process | ProcessState) => ({ pid, name, memory, began });
          const byPid = (a: { pid: number }, b: { pid: number }) => a.pid - b.pid;
          expect([...topic.values()].map(tells).sort(byPid)).toEqual(processes.map(tells).sort(byPid));
          expect([...alive.keys()].sort()).toEqual([...topic.keys()].sort());
          expect(changes(topic, before, now)).toEqual([]);
          before = now;
        }
      }),
    );
  });
});
