import fc from 'fast-check';
import { batch, marker } from './batches.ts';
import { directories, done, type Opened, open, readAll, stand } from './open.ts';

const named = directories();

/** A log as an array: what every record that there is looks like, by offset. */
interface Model {
  /** Where the batches are, with what they hold. */
  batches: {
    readonly from: bigint;
    readonly to: bigint;
    readonly producer?: bigint;
    readonly records: readonly string[];
    outcome?: 'commit' | 'abort';
  }[];
  logStart: bigint;
  end: bigint;
  isTransactional: boolean;
}

interface Real {
  opened: Opened;
  readonly directory: string;
  readonly memory: number;
}

type Command = fc.AsyncCommand<Model, Real>;

const producerOf = (id: bigint): { id: bigint; epoch: number } => ({ id, epoch: 0 });
const openOf = (model: Model, id: bigint): boolean =>
  model.batches.some(({ producer, outcome }) => producer === id && outcome === undefined);

/** What a reader is to get. */
function expected(model: Model, isCommitted: boolean): string[] {
  const undecided = model.batches.find(({ producer, outcome }) => producer !== undefined && outcome === undefined);
  const decided = undecided?.from ?? model.end;
  const stable = isCommitted ? decided : model.end;
  return model.batches.flatMap(({ from, records, outcome }) =>
    records.flatMap((record, n) => {
      const offset = from + BigInt(n);
      if (offset < model.logStart || offset >= stable || (isCommitted && outcome === 'abort')) return [];
      return [`${outcome === 'abort' && offset < decided ? '!' : ''}${offset}:${record}`];
    }),
  );
}

async function check(model: Model, { opened: { log } }: Real): Promise<void> {
  expect(log.next).toBe(model.end);
  expect([log.offsets.logStart, log.offsets.highWatermark]).toEqual([model.logStart, model.end]);
  expect(await readAll(log)).toEqual(expected(model, true));
  expect(await readAll(log, 'read_uncommitted')).toEqual(expected(model, false));
}

const command = (
  name: string,
  run: (model: Model, real: Real) => Promise<void>,
  may: (model: Model) => boolean = () => true,
): Command => ({
  check: (model) => may(model),
  async run(model, real) {
    await run(model, real);
    await check(model, real);
  },
  toString: () => name,
});

const append = (
  sizes: readonly (readonly [count: number, length: number])[],
  hole: number,
  producer?: bigint,
): Command =>
  command(`append ${JSON.stringify(sizes)} behind ${hole} of ${producer}`, async (model, { opened: { log } }) => {
    let at = model.end + BigInt(hole);
    const batches = sizes.map(([size, length]) => {
      const records = Array.from(
        { length: size },
        (_, n) => [`k${n % 3}`, `${at + BigInt(n)}`.padEnd(length, '.')] as const,
      );
      const made = batch(at, records, producer === undefined ? {} : { producer: producerOf(producer) });
      const shown = records.map(([key, value]) => `${key}=${value}`);
      model.batches.push({
        from: at,
        to: at + BigInt(size),
        records: shown,
        ...(producer !== undefined && { producer }),
      });
      at += BigInt(size);
      return made;
    });
    model.end = at;
    model.isTransactional ||= producer !== undefined;
    await done(log.append(batches));
  });

const settle = (producer: bigint, outcome: 'commit' | 'abort'): Command =>
  command(
    `${outcome} ${producer}`,
    async (model, { opened: { log } }) => {
      for (const one of model.batches) if (one.producer === producer) one.outcome ??= outcome;
      await done(log.append([marker(model.end, producerOf(producer), outcome)]));
      model.end += 1n;
    },
    (model) => openOf(model, producer),
  );

const pass = (by: number): Command =>
  command(`pass ${by}`, async (model, { opened: { log } }) => {
    model.end += BigInt(by);
    await done(log.pass(model.end));
  });

const trim = (share: number): Command =>
  command(
    `trim ${share}`,
    async (model, { opened: { log } }) => {
      const to = model.logStart + BigInt(Math.floor(Number(model.end - model.logStart) * share));
      model.logStart = to;
      await stand(log, 1_000_000n, to);
    },
    // What was open below stays open from there on, which the array does not tell.
    (model) => !model.batches.some(({ producer, outcome }) => producer !== undefined && outcome === undefined),
  );

const truncate = (share: number): Command =>
  command(
    `truncate ${share}`,
    async (model, { opened: { log } }) => {
      const to = model.logStart + BigInt(Math.floor(Number(model.end - model.logStart) * share)) + 1n;
      if (to >= model.end) return;
      const cut = model.batches.find((one) => one.from < to && one.to > to);
      model.batches = model.batches.filter((one) => one.to <= to);
      model.end = cut === undefined ? to : cut.from;
      // A batch of which only the end was left goes as a whole.
      if (model.end < model.logStart) model.end = model.logStart;
      await done(log.truncate(to));
    },
    (model) => !model.isTransactional,
  );

const recreate = (): Command =>
  command('recreate', async (model, { opened: { log } }) => {
    Object.assign(model, { batches: [], logStart: 0n, end: 0n, isTransactional: false });
    await done(log.restart('recreated', 'another'));
    await done(log.begin(0n));
    await stand(log, 1_000_000n);
  });

const reopen = (): Command =>
  command('reopen', async (_, real) => {
    await real.opened.close();
    real.opened = await open(real.directory, { memory: real.memory });
  });

const size = fc.tuple(
  fc.integer({ min: 1, max: 20 }),
  fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(9_000) }),
);
const producer = fc.bigInt({ min: 1n, max: 3n });
const share = fc.double({ min: 0, max: 1, noNaN: true });

const commands = (isTransactional: boolean): fc.Arbitrary<Iterable<Command>> =>
  fc.commands(
    [
      fc
        .tuple(fc.array(size, { minLength: 1, maxLength: 6 }), fc.integer({ min: 0, max: 3 }))
        .map(([sizes, hole]) => append(sizes, hole)),
      ...(isTransactional
        ? [
            fc
              .tuple(fc.array(size, { minLength: 1, maxLength: 3 }), producer)
              .map(([sizes, id]) => append(sizes, 0, id)),
            fc
              .tuple(producer, fc.constantFrom('commit' as const, 'abort' as const))
              .map(([id, outcome]) => settle(id, outcome)),
          ]
        : [share.map(truncate)]),
      fc.integer({ min: 1, max: 5 }).map(pass),
      share.map(trim),
      fc.constant(reopen()),
      fc.constant(recreate()),
    ],
    { maxCommands: 30 },
  );

describe.each([
  ['with transactions', true],
  ['that is truncated', false],
])('a log %s', (_, isTransactional) => {
  it('should be what an array of its records is', async () => {
    const memories = fc.constantFrom(1, 20_000, 1 << 20);
    await fc.assert(
      fc.asyncProperty(commands(isTransactional), memories, async (list, memory) => {
        const directory = named();
        const real: Real = { opened: await open(directory, { memory }), directory, memory };
        await done(real.opened.log.begin(0n));
        await stand(real.opened.log, 1_000_000n);
        const model: Model = { batches: [], logStart: 0n, end: 0n, isTransactional: false };
        await fc.asyncModelRun(() => ({ model, real }), list);
        await real.opened.close();
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});
