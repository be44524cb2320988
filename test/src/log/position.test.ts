import { Position } from '../../../src/log/position.ts';
import type { Progress } from '../../../src/protocol/kafka.ts';
import { Clock } from '../kafka/clock.ts';

describe('the position of a reader', () => {
  const at = (offset: bigint): Progress => ({
    mark: 'progress',
    partition: 3,
    topicId: 'an-id',
    offsets: new Map([[3, offset]]),
  });

  function create() {
    const told: Progress[] = [];
    const clock = new Clock();
    const position = new Position(3, (mark) => told.push(mark), clock);
    position.topicId = 'an-id';
    position.start(100n);
    return { told, clock, position };
  }

  it('is told once 10,000 records were passed over', () => {
    const { told, position } = create();
    position.pass(9_999);
    position.reach(10_099n);
    expect(told).toEqual([]);
    position.pass(1);
    position.reach(10_100n);
    expect(told).toEqual([at(10_100n)]);
  });

  it('is told 5 s after something was passed over, if nothing is sent', () => {
    const { told, clock, position } = create();
    position.reach(101n);
    clock.advance(4_000);
    position.reach(102n);
    clock.advance(999);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual([at(102n)]);
    clock.advance(60_000);
    expect(told).toHaveLength(1);
  });

  it('is not told where the records that were sent say it', () => {
    const { told, clock, position } = create();
    position.reach(101n);
    position.sent(102n);
    position.reach(102n);
    clock.advance(60_000);
    position.tell();
    expect(told).toEqual([]);
  });

  it('goes back where a gap says so', () => {
    const { told, position } = create();
    position.start(7n);
    expect(position.offset).toBe(7n);
    position.reach(8n);
    position.tell();
    expect(told).toEqual([at(8n)]);
  });

  it('leaves no timer behind', () => {
    const { clock, position } = create();
    position.reach(101n);
    expect(clock.timers).toBe(1);
    position.close();
    expect(clock.timers).toBe(0);
  });
});
