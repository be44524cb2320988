import { Subscriber } from 'rxjs';
import { Backoff } from '../../../../src/backoff.ts';
import { following, Numbering, ProducerIds } from '../../../../src/kafka/producer/producer-ids.ts';
import { FakeCluster } from './fake-cluster.ts';

function setup() {
  const fake = new FakeCluster({});
  const state = { ready: 0 };
  const ids = new ProducerIds({
    ...{ cluster: fake.cluster, backoff: new Backoff(), scheduler: fake.clock },
    life: new Subscriber<never>(),
    ready: () => {
      state.ready += 1;
    },
    refused: (fault) => {
      throw fault;
    },
  });
  return { fake, ids, state };
}

describe('the numbering of a partition', () => {
  it('asks for one producer id, whoever needs it', () => {
    const { fake, ids, state } = setup();
    const numberings = [new Numbering(ids), new Numbering(ids)];
    expect(numberings.map(({ isReady }) => isReady)).toEqual([false, false]);
    fake.clock.advance(1);
    expect(numberings.map(({ isReady }) => isReady)).toEqual([true, true]);
    expect([fake.ids, state.ready]).toEqual([1, 1]);
  });

  it('goes on where it was, and at 0 in the next epoch', () => {
    const { fake, ids } = setup();
    const numbering = new Numbering(ids);
    expect(numbering.isReady).toBe(false);
    fake.clock.advance(1);
    expect(numbering.isReady).toBe(true);
    expect([numbering.take(3), numbering.take(2)]).toEqual([
      { id: 1000n, epoch: 0, sequence: 0 },
      { id: 1000n, epoch: 0, sequence: 3 },
    ]);
    numbering.restart();
    expect(numbering.take(1)).toEqual({ id: 1000n, epoch: 1, sequence: 0 });
  });

  it('has another producer id once the epochs are used up, and leaves others theirs', () => {
    const { fake, ids } = setup();
    const [numbering, other] = [new Numbering(ids), new Numbering(ids)];
    expect([numbering.isReady, other.isReady]).toEqual([false, false]);
    fake.clock.advance(1);
    expect([numbering.isReady, other.isReady]).toEqual([true, true]);
    for (let epoch = 0; epoch < 0x7fff; epoch += 1) numbering.restart();
    expect(numbering.take(1)).toEqual({ id: 1000n, epoch: 0x7fff, sequence: 0 });
    numbering.restart();
    expect(numbering.isReady).toBe(false);
    fake.clock.advance(1);
    expect(numbering.isReady).toBe(true);
    expect([numbering.take(1), other.take(1)]).toEqual([
      { id: 1001n, epoch: 0, sequence: 0 },
      { id: 1000n, epoch: 0, sequence: 0 },
    ]);
  });

  it('follows on the greatest sequence with 0', () => {
    expect([following(0x7fffffff, 1), following(0x7ffffffe, 5), following(3, 4)]).toEqual([0, 3, 7]);
  });
});
