import assert from 'node:assert';
import type * as FastCheck from 'fast-check';
import { returnedAt } from '../../../src/credit.ts';
import type { Script } from './fragment-sender.ts';
import { type Outcome, type Play, perform } from './play.ts';

/** Of a record; an empty one costs 1. */
const MOST_PARTS = 5;

/** As much of fast-check as this needs; both its forms, as a module and as CommonJS, have it. */
type Generator = Pick<
  typeof FastCheck,
  'assert' | 'property' | 'record' | 'integer' | 'array' | 'boolean' | 'constant' | 'constantFrom'
>;

/** What holds of a stage, whatever happens to it. */
export const laws: Readonly<Record<string, (outcome: Outcome) => void>> = {
  'frames keep the laws of a joint'({ lanes }) {
    for (const { closing } of lanes) assert.deepEqual(closing.slice(1), ['complete']);
  },

  'starves nobody: every stream ends'({ lanes }) {
    for (const { script, closing } of lanes) assert.equal(closing[0], script.aborts ? 'abort' : 'end');
  },

  'keeps order by stream and partition'({ lanes, exit }) {
    for (const { sender } of lanes) {
      for (const partition of partitionsOf(exit.handed)) {
        const ids = sender.whole.filter((one) => one.partition === partition).map(({ id }) => id);
        const got = exit.handed.filter((one) => one.partition === partition).map(({ opens }) => `${opens.key}`);
        assert.deepEqual(
          got.filter((id) => ids.includes(id)),
          ids.filter((id) => got.includes(id)),
        );
      }
    }
  },

  'hands on what is whole, once and as it was sent, and nothing else'({ lanes, exit, store }) {
    const handed = new Map(exit.handed.map((one) => [`${one.opens.key}`, one]));
    assert.equal(handed.size, exit.handed.length);
    let known = 0;
    for (const { sender, script, answers } of lanes) {
      for (const [record, { id, value, partition }] of sender.whole.entries()) {
        const one = handed.get(id);
        if (one !== undefined) {
          known += 1;
          assert.deepEqual([one.value, one.partition], [value, partition]);
        }
        const isRefused = answers.some((answer) => answer.record === record && answer.answer === 'refused');
        const isDropped = script.aborts && (store.created > 0 || exit.hasFailed);
        if (!isRefused && !isDropped) assert.notEqual(one, undefined, `${id} was lost`);
      }
    }
    assert.equal(known, handed.size);
  },

  'answers each record once, by its own number, with where it is'({ lanes, exit }) {
    for (const { sender, script, answers } of lanes) {
      const numbers = answers.map(({ record }) => record);
      assert.equal(new Set(numbers).size, numbers.length);
      if (!script.aborts) assert.equal(numbers.length, sender.whole.length);
      for (const answer of answers) {
        if (answer.answer !== 'produced') continue;
        const written = exit.log(answer.partition)[Number(answer.offset)];
        assert.equal(`${written?.opens.key}`, sender.whole[answer.record]?.id);
      }
    }
  },

  'answers records of one partition in order'({ lanes }) {
    for (const { sender, answers } of lanes) {
      for (const partition of partitionsOf(sender.whole)) {
        const numbers = answers.map(({ record }) => record).filter((n) => sender.whole[n]?.partition === partition);
        assert.deepEqual(
          numbers,
          [...numbers].sort((a, b) => a - b),
        );
      }
    }
  },

  'opens its window, never more of it, and returns all of it'({ lanes, play: { window } }) {
    for (const { sender, script } of lanes) {
      assert.ok(sender.most <= window, `${sender.most} of ${window}`);
      if (!script.aborts) assert.ok(window - sender.balance < returnedAt(window), `${sender.balance} of ${window}`);
    }
  },

  'stays within its share of the disk, and leaves nothing there'({ store, play: { disk, partitions } }) {
    assert.ok(store.most <= disk * partitions, `${store.most} of ${disk * partitions}`);
    assert.equal(store.files.size, 0);
  },

  'refuses only what it must'({ lanes, exit, play: { disk, maxMessageBytes, scripts } }) {
    const all = scripts
      .flatMap(({ records }) => records.map((record) => sizeOf(record) + 8))
      .reduce((a, b) => a + b, 0);
    for (const { sender, answers } of lanes) {
      for (const answer of answers) {
        if (answer.answer === 'produced') continue;
        const sent = sender.whole[answer.record];
        if (answer.fault.code === 'KAFKA_RECORD_TOO_LARGE') {
          if (sent !== undefined) assert.ok(sent.id.length + sent.value.length > maxMessageBytes);
        } else if (answer.fault.code === 'STAGE_FULL') {
          assert.ok(all > disk, 'there was room');
          // One stream has one unfinished record at a time, which goes only if it can never fit.
          const isAlone = scripts.length === 1 && sent !== undefined;
          if (isAlone) assert.ok(sent.id.length + sent.value.length + MOST_PARTS > disk, 'it would have fitted');
        } else assert.ok(exit.hasFailed && answer.fault.code === 'KAFKA_ERROR', answer.fault.code);
      }
    }
  },

  'leaves its exit when nobody is left'({ exit }) {
    assert.equal(exit.lanes.size, 0);
  },
};

/** Holds a stage to its laws, each in a test of that name. */
export function stageLaws({ test, fc }: { test: (name: string, body: () => void) => void; fc: Generator }): void {
  for (const [law, check] of Object.entries(laws)) {
    test(`stage: ${law}`, () => fc.assert(fc.property(plays(fc), (play) => check(perform(play)))));
  }
  test('stage: lets no stuck partition delay another', () => {
    fc.assert(
      fc.property(plays(fc), (play) => {
        // The streams that write to partition 0 write to no other, and it never answers.
        // All learn the partitions at the same moment, since what a stream gets that aborts is a matter of moments.
        const merged = play.scripts.map((script) => ({ ...script, only: undefined }));
        const scripts = merged.map((script, index) => onPartition(script, index === 0 ? 0 : 1));
        const split = { ...play, scripts, partitions: 2, events: [] };
        const others = perform(split, [0]).lanes.slice(1);
        const alone = perform({ ...split, scripts: split.scripts.slice(1) }).lanes;
        for (const [index, { closing, answers }] of others.entries()) {
          assert.deepEqual(closing, alone[index]?.closing);
          assert.deepEqual(
            answers.map(({ answer, record }) => [answer, record]),
            alone[index]?.answers.map(({ answer, record }) => [answer, record]),
          );
        }
      }),
    );
  });
  test('stage: lets a record go on beside what a stuck partition holds of its stream', () => {
    fc.assert(
      fc.property(plays(fc), fc.integer({ min: 4, max: 16 }), fc.integer({ min: 4, max: 40 }), (play, window, size) => {
        // The first takes all of the window but 1.
        const records = [scripted(0, window - 3), scripted(1, size)];
        const roomy = { window, disk: 1_000, maxMessageBytes: 1_000, events: [] };
        const { exit } = perform({ ...play, ...roomy, scripts: [{ records, aborts: false }] }, [0]);
        assert.deepEqual(
          exit.log(1).map(({ opens }) => `${opens.key}`),
          ['a1'],
        );
      }),
    );
  });
}

/** A record as a play has it, of one fragment. */
const scripted = (partition: number, size: number) => ({ partition, parts: [size], pause: 0 });

const onPartition = ({ records, aborts, only }: Script, partition: number): Script => ({
  aborts,
  only: only === undefined ? undefined : partition,
  records: records.map((record) => ({ ...record, partition })),
});

const sizeOf = ({ parts }: { readonly parts: readonly number[] }): number => parts.reduce((sum, size) => sum + size, 0);

const partitionsOf = (list: readonly { readonly partition: number }[]): ReadonlySet<number> =>
  new Set(list.map(({ partition }) => partition));

function plays(fc: Generator): FastCheck.Arbitrary<Play> {
  const record = fc.record({
    partition: fc.integer({ min: 0, max: 1 }),
    parts: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: MOST_PARTS }),
    pause: fc.integer({ min: 0, max: 3 }),
  });
  const script = fc
    .record({
      records: fc.array(record, { minLength: 1, maxLength: 6 }),
      aborts: fc.boolean(),
      only: fc.constantFrom(undefined, undefined, 0, 1),
    })
    .map((made): Script => (made.only === undefined ? made : onPartition(made, made.only)));
  const event = fc.record({
    at: fc.integer({ min: 0, max: 30 }),
    partition: fc.integer({ min: 0, max: 1 }),
    what: fc.constantFrom('abort' as const, 'stick' as const),
  });
  return fc.record({
    scripts: fc.array(script, { minLength: 1, maxLength: 5 }),
    partitions: fc.constant(2),
    window: fc.integer({ min: 1, max: 16 }),
    disk: fc.constantFrom(16, 24, 40, 1_000),
    maxMessageBytes: fc.constantFrom(20, 1_000),
    exitWindow: fc.integer({ min: 1, max: 30 }),
    latency: fc.integer({ min: 1, max: 5 }),
    diskLatency: fc.integer({ min: 0, max: 3 }),
    events: fc.array(event, { maxLength: 3 }),
  });
}
