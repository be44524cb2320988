/** A named piece of work: answers how many units (frames, records) it did. */
export interface Work {
  readonly name: string;
  readonly run: () => number | Promise<number>;
}

/** What a work took per unit, in nanoseconds: the median of its rounds. */
export interface Figure {
  readonly name: string;
  readonly nanoseconds: number;
}

const ROUNDS = 7;

/** Times works in turn, round by round after a warm-up of each, so that a drift of the machine touches all alike. */
export async function compare(works: readonly Work[]): Promise<Figure[]> {
  for (const { run } of works) await run();
  const times = works.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, { run }] of works.entries()) {
      const start = process.hrtime.bigint();
      const units = await run();
      times[index]?.push(Number(process.hrtime.bigint() - start) / units);
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
