import progress from 'cli-progress';
import type { Io, Terminal } from './io.ts';

/** How far a command is, for whoever watches it. What it tells besides stands in front of that. */
export interface Progress extends Terminal {
  /** How many records there will be, where that is known. */
  expect(records: number): void;
  add(records: number): void;
  /** Leaves nothing behind. */
  stop(): void;
}

/** Drawn on a terminal that nothing else is written to, and silent elsewhere. */
export const progressOn = (io: Io): Progress =>
  io.isTerminal && io.stdout.isTTY !== true
    ? new Bar(io)
    : { ...silent, isTerminal: io.isTerminal, err: (text) => io.err(text) };

const silent = { expect: (): void => {}, add: (): void => {}, stop: (): void => {} };

const ERASE_LINE = '\r\u001b[K';

class Bar implements Progress {
  readonly isTerminal = true;
  readonly #io: Io;
  readonly #bar: progress.SingleBar;

  constructor(io: Io) {
    this.#io = io;
    this.#bar = new progress.SingleBar({
      stream: io.stderr,
      format: describe,
      barsize: 24,
      barCompleteChar: '=',
      barIncompleteChar: ' ',
      clearOnComplete: true,
      linewrap: null,
      forceRedraw: true,
      gracefulExit: false,
    });
    this.#bar.start(0, 0);
  }

  expect(records: number): void {
    this.#bar.setTotal(records);
  }

  add(records: number): void {
    this.#bar.increment(records);
  }

  err(text: string): void {
    this.#io.err(`${ERASE_LINE}${text}`);
  }

  stop(): void {
    this.#bar.stop();
  }
}

const describe: progress.GenericFormatter = (options, { value, total, progress: part, startTime }) => {
  const seconds = Math.max(0.001, (Date.now() - startTime) / 1000);
  const done = `${value} records, ${Math.round(value / seconds)} records/s`;
  return total > 0
    ? `[${progress.Format.BarFormat(Math.min(1, part), options)}] ${Math.floor(100 * Math.min(1, part))}% ${done}`
    : done;
};
