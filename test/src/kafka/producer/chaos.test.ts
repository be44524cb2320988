import type { Acks } from '../../../../src/protocol/kafka.ts';
import { errors, type Sent, setup } from './setup.ts';

/** Numbers below a limit, always the same for a seed. */
function dice(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}

const PARTITIONS = 3;
/** NOT_LEADER_OR_FOLLOWER, NOT_ENOUGH_REPLICAS, KAFKA_STORAGE_ERROR, LEADER_NOT_AVAILABLE, POLICY_VIOLATION. */
const REFUSALS = [6, 19, 56, 5, 44];

/** Random sends and faults, and then peace; answers what was sent by partition, and the logs. */
function play(seed: number) {
  const roll = dice(seed);
  const options = { deliveryTimeout: 4_000, requestTimeout: 1_000, maxBackoff: 200, batchSize: 300 };
  // Metadata come from the first broker, whose answers would have to wait behind held ones.
  const all = setup({ t: [2, 3, 2] }, options, { metadataMaxAge: 500, maxBackoff: 200, requestTimeout: 1_000 });
  const { fake, clock, send } = all;
  const sent: (Sent & { acks: Acks; partition: number })[] = [];
  let refusals = 0;
  fake.refuse = () => {
    if (refusals === 0 || roll(2) === 0) return undefined;
    refusals -= 1;
    return REFUSALS[roll(REFUSALS.length - (roll(4) === 0 ? 0 : 1))];
  };
  for (let step = 0; step < 120; step += 1) {
    switch (roll(14)) {
      case 0:
        fake.cut(roll(6));
        // A broker that starts again remembers one batch of a producer.
        if (roll(3) === 0)
          for (let partition = 0; partition < PARTITIONS; partition += 1) fake.log('t', partition).forget(1);
        break;
      case 1:
        fake.topics.set('t', [2 + roll(2), 2 + roll(2), roll(8) === 0 ? -1 : 2 + roll(2)]);
        break;
      case 2:
        refusals += roll(4);
        break;
      case 3:
        fake.isHolding = roll(4) > 0;
        if (!fake.isHolding) fake.answer(fake.held.length);
        break;
      case 5:
        fake.maxMessageBytes = roll(2) === 0 ? 1 << 20 : 200;
        break;
      case 6:
      case 7:
        fake.answer(roll(4));
        break;
      default:
        for (let count = roll(12); count > 0; count -= 1) {
          const acks: Acks = roll(10) > 0 ? 'all' : (['leader', 'none'] as const)[roll(2)]!;
          const partition = roll(PARTITIONS);
          sent.push(Object.assign(send(`${sent.length}`, { partition, acks }), { acks, partition }));
        }
    }
    clock.advance(roll(4) === 0 ? roll(800) : roll(5));
  }
  fake.isHolding = false;
  refusals = 0;
  fake.maxMessageBytes = 1 << 20;
  fake.topics.set('t', [2, 3, 3]);
  fake.answer(fake.held.length);
  clock.advance(20_000);
  return { ...all, sent };
}

describe('a producer in a storm', () => {
  it.each([0, 1])('loses, doubles and reorders nothing, whatever happens (storms from %i00)', (block) => {
    const seen = { written: 0, failed: 0 };
    for (let seed = block * 100; seed < block * 100 + 100; seed += 1) {
      const { fake, sent } = play(seed);
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        const log = fake.values('t', partition).map(Number);
        const place = { seed, partition };
        expect({ ...place, log }).toEqual({ ...place, log: [...new Set(log)].sort((a, b) => a - b) });
        for (const one of sent.filter((other) => other.partition === partition)) {
          const what = { ...place, value: one.value, acks: one.acks };
          const { result } = one;
          if (result === undefined) throw new Error(`never answered: ${JSON.stringify(what)}`);
          if ('code' in result) seen.failed += 1;
          else {
            seen.written += 1;
            if (one.acks === 'all' && result.offset >= 0n) {
              expect({ ...what, at: `${log[Number(result.offset)]}` }).toEqual({ ...what, at: one.value });
            }
          }
        }
        // What is said not to be written is not.
        for (const [index, code] of errors(sent).entries()) {
          const { result, partition: of } = sent[index]!;
          if (code === undefined || of !== partition || (result as Error).message.includes('is not known')) continue;
          expect({ ...place, index, code, isWritten: log.includes(index) }).toEqual({
            ...place,
            index,
            code,
            isWritten: false,
          });
        }
      }
    }
    expect(seen.written).toBeGreaterThan(1_000);
    expect(seen.failed).toBeGreaterThan(10);
  });
});
