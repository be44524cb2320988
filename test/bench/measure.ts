/** A named piece of work: answers how many units (frames, records) it did. */
export interface Work {
  readonly name: string;
  /** What has to be there first, which is not measured. */
  readonly prepare?: () => Promise<void>;
  readonly run: () => number | Promise<number>;
}

/** What a work took per unit, in nanoseconds: the median of its rounds. */
export interface Figure {
  readonly name: string;
  readonly nanoseconds: number;
}

/** A clock, in nanoseconds. */
export type Clock = () => number;

const elapsed: Clock = () => Number(process.hrtime.bigint());

/** What this process has used of the processors: what others do on the machine is no part of it. */
export const processorTime: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1e3;
};

/** What something took, and what this process used of the processors by that, in nanoseconds. */
export interface Measured {
  readonly elapsed: number;
  readonly processor: number;
}

/** Begins to measure; what it answers tells how much it is by now. */
export function stopwatch(): () => Measured {
  const [began, used] = [elapsed(), processorTime()];
  return () => ({ elapsed: elapsed() - began, processor: processorTime() - used });
}

export async function measured(work: () => Promise<void>): Promise<Measured> {
  const stop = stopwatch();
  await work();
  return stop();
}

const ROUNDS = 7;

/** Times works in turn, round by round after a warm-up of each, so that a drift of the machine touches all alike. */
export async function compare(works: readonly Work[], clock: Clock = elapsed): Promise<Figure[]> {
  const times = works.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [index, { prepare, run }] of works.entries()) {
      await prepare?.();
      const start = clock();
      const units = await run();
      if (round > 0) times[index]?.push((clock() - start) / units);
    }
  }
  return works.map(({ name }, index) => ({ name, nanoseconds: median(times[index] ?? []) }));
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Prints figures as rows, each with its ratio to the first. */
export function print(title: string, figures: readonly Figure[], unit: string): void {
  const base = figures[0]?.nanoseconds ?? Number.NaN;
  console.log(`\n${title}`);
  for (const { name, nanoseconds } of figures) {
    const ratio = (nanoseconds / base).toFixed(2);
    console.log(`  ${name.padEnd(48)} ${nanoseconds.toFixed(1).padStart(8)} ns/${unit}  ${ratio.padStart(7)}x`);
  }
}
