import { type Input, Rotation } from '../../../src/flow/rotation.ts';
import { type Following, flush, records } from '../../../src/index.ts';
import type { LawLane } from '../../../src/testing/index.ts';

type Sent = Extract<Following<LawLane>, { kind: 'data' | 'flush' }>;

const record = (partition: number): Sent => records([{ partition, offset: 0n, key: 'k', cost: 1 }]);
const mark = (name: string): Sent => flush({ mark: name });

/** An input that sends a list, and counts how often it is asked. */
class Listed implements Input<LawLane> {
  readonly list: Sent[];
  asked = 0;

  constructor(...list: Sent[]) {
    this.list = list;
  }

  get empty(): boolean {
    return this.list.length === 0;
  }

  get free(): boolean {
    return this.list[0]?.kind === 'flush';
  }

  poll(balance: number): Sent | undefined {
    this.asked += 1;
    return this.free || balance > 0 ? this.list.shift() : undefined;
  }
}

const rotating = (...inputs: Listed[]) => {
  const rotation = new Rotation<LawLane>();
  const seats = inputs.map((input) => rotation.join(input));
  rotation.gathered();
  const poll = (balance: number): string | undefined => {
    const frame = rotation.poll(balance);
    if (frame?.kind === 'data') return `data ${frame.payload.at(0).partition}`;
    return frame && 'mark' in frame.ext ? frame.ext.mark : frame?.kind;
  };
  return { rotation, seats, poll };
};

describe('a rotation', () => {
  it('lets inputs that are ready take turns, one frame each', () => {
    const { poll, rotation } = rotating(new Listed(record(0), record(0)), new Listed(record(1), record(1)));
    expect([poll(1), poll(1), poll(1), poll(1), poll(1)]).toEqual(['data 0', 'data 1', 'data 0', 'data 1', undefined]);
    expect(rotation.empty).toBe(true);
  });

  it('sends what costs nothing without credit, past those that wait for some', () => {
    const { poll, rotation } = rotating(new Listed(record(0)), new Listed(mark('progress'), record(1)));
    expect([poll(0), poll(0), rotation.empty]).toEqual(['progress', undefined, false]);
  });

  it('asks none of many inputs that wait for credit while there is none, and then as many as it needs', () => {
    const inputs = Array.from({ length: 1_000 }, (_, partition) => new Listed(record(partition)));
    const { poll } = rotating(...inputs);
    for (let turn = 0; turn < 1_000; turn += 1) expect(poll(0)).toBeUndefined();
    expect(inputs.reduce((sum, { asked }) => sum + asked, 0)).toBe(0);
    for (let turn = 0; turn < 1_000; turn += 1) expect(poll(1)).toBe(`data ${turn}`);
    expect(inputs.reduce((sum, { asked }) => sum + asked, 0)).toBe(1_000);
  });

  it('asks an input that had nothing only once it is ready again', () => {
    const input = new Listed();
    const { poll, rotation, seats } = rotating(input);
    expect([poll(1), input.asked]).toEqual([undefined, 0]);
    input.list.push(record(0));
    for (const seat of seats) rotation.ready(seat);
    for (const seat of seats) rotation.ready(seat);
    expect([poll(1), poll(1), input.asked]).toEqual(['data 0', undefined, 1]);
  });

  it('goes on with the others when an input that was ready answers nothing', () => {
    const idle: Input<LawLane> = { empty: false, free: false, poll: () => undefined };
    const { poll, rotation } = rotating();
    rotation.join(idle);
    rotation.join(new Listed(record(1)));
    expect([poll(1), poll(1)]).toEqual(['data 1', undefined]);
  });

  it('tells one caught-up mark, behind what each had before its own', () => {
    const { poll } = rotating(new Listed(mark('caught-up'), record(0)), new Listed(record(1), mark('caught-up')));
    expect([poll(9), poll(9), poll(9), poll(9)]).toEqual(['data 1', 'caught-up', 'data 0', undefined]);
  });

  it('tells nothing before the inputs there are to begin with are known', () => {
    const rotation = new Rotation<LawLane>();
    rotation.join(new Listed(mark('caught-up')));
    expect(rotation.poll(1)).toBeUndefined();
    rotation.gathered();
    expect(rotation.poll(1)).toEqual(mark('caught-up'));
  });

  it('takes an input that left for caught up once what waits of it is sent', () => {
    const { poll, rotation, seats } = rotating(new Listed(mark('caught-up')), new Listed(record(1)));
    for (const seat of seats.slice(1)) rotation.leave(seat);
    expect([poll(0), rotation.empty]).toEqual([undefined, false]);
    expect([poll(1), poll(1), rotation.empty]).toEqual(['data 1', 'caught-up', true]);
  });

  it('joins the first mark of an input that comes late into the one that was told', () => {
    const { poll, rotation } = rotating(new Listed(mark('caught-up')));
    expect(poll(0)).toBe('caught-up');
    rotation.join(new Listed(mark('caught-up'), record(1), mark('caught-up')));
    expect([poll(1), poll(1), poll(1)]).toEqual(['data 1', 'caught-up', undefined]);
  });
});
