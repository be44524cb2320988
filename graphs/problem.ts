import type pc from 'picocolors';
import { type Code, SluiceError } from '../src/errors.ts';

/** One mistake in a config, at its place. */
export interface Problem {
  /** Nothing starts while there is an error; a warning only informs. */
  readonly severity: 'error' | 'warning';
  readonly code: Code;
  readonly message: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** In characters, from 1. */
  readonly column: number;
  /** What stands there, as it is written: at most one line. An expression is never replaced by its value. */
  readonly text: string;
  /** What to write instead, where that can be told. */
  readonly suggestion: string | undefined;
  /** The whole line it stands in. */
  readonly source: string;
}

/** Thrown for a config that has mistakes: all of them, and the warnings, in the order of the text. */
export class ConfigError extends SluiceError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('CONFIG_INVALID', problems.map((problem) => render(problem)).join('\n'));
    this.problems = problems;
  }
}

type Paint = Pick<typeof pc, 'bold' | 'dim' | 'red' | 'yellow' | 'green'>;

const plain = String as (text: string | number | null | undefined) => string;
const colourless: Paint = { bold: plain, dim: plain, red: plain, yellow: plain, green: plain };

const WIDEST = 160;

/** A problem for people: place, code, the line with a caret under what is wrong, and the suggestion. */
export function render(problem: Problem, paint: Paint = colourless): string {
  const { severity, code, message, file, line, column, text, suggestion } = problem;
  const tint = severity === 'error' ? paint.red : paint.yellow;
  const margin = ' '.repeat(String(line).length);
  // A line too long to show is cut so that what is wrong stays in view.
  const from = Math.max(0, column - 1 - WIDEST / 2);
  const shown = problem.source.slice(from, from + WIDEST).replaceAll('\t', ' ');
  const caret = ' '.repeat(column - 1 - from) + '^'.repeat(Math.max(1, Math.min(text.length, WIDEST / 2)));
  return [
    `${paint.bold(`${file}:${line}:${column}`)} ${tint(severity)} ${code}: ${message}`,
    paint.dim(`  ${line} | `) + shown,
    paint.dim(`  ${margin} | `) + tint(caret),
    ...(suggestion === undefined ? [] : [`  ${margin} ${paint.green(suggestion)}`]),
  ].join('\n');
}
