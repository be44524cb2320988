import { LineCounter } from 'yaml';
import type { Code } from '../src/errors.ts';
import type { Problem } from './problem.ts';

/** Where something stands in a text: from the first character up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What stands under one key or index. */
export interface Place {
  /** The key; for a list's item, and for the whole, the value. */
  readonly key: Span;
  readonly value: Span;
  /** Whether an expression gave the value; or none can be told, which was reported. */
  readonly outcome: 'plain' | 'resolved' | 'failed';
}

/** The JSON pointer of what stands in `pointer` under `key`. */
export const under = (pointer: string, key: string | number): string =>
  `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

const SHOWN = 80;
const QUOTED = 40;

/** A text, the place of everything in it by JSON pointer, and the mistakes found so far. */
export class Source {
  readonly file: string;
  readonly text: string;
  readonly lines = new LineCounter();
  readonly #places = new Map<string, Place>();
  readonly #problems = new Map<string, Problem>();

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** The mistakes in the order of the text. */
  get problems(): Problem[] {
    return [...this.#problems.values()].sort((a, b) => a.line - b.line || a.column - b.column);
  }

  get failed(): boolean {
    return [...this.#problems.values()].some((problem) => problem.severity === 'error');
  }

  put(pointer: string, place: Place): void {
    this.#places.set(pointer, place);
  }

  /** Where a pointer leads, or else the nearest thing that holds it. */
  place(pointer: string): Place {
    const place = this.#places.get(pointer);
    if (place !== undefined) return place;
    const start = { start: 0, end: 0 };
    return pointer === '' ? { key: start, value: start, outcome: 'plain' } : this.place(parent(pointer));
  }

  /** A value as it is written, to name it in a message: an expression is never replaced by what it gave. */
  quote(pointer: string): string {
    const { start, end } = this.place(pointer).value;
    const [first = ''] = this.text.slice(start, Math.min(end, start + QUOTED)).split('\n');
    return `\`${first.trim()}\``;
  }

  /** Whether an expression gave any of what stands at or under a pointer. */
  hasResolved(pointer: string): boolean {
    return [...this.#places].some(
      ([at, { outcome }]) => outcome === 'resolved' && (at === pointer || at.startsWith(`${pointer}/`)),
    );
  }

  /** Where an expression stands in what is at or under a pointer: in the value whose text is `text`, the first of several. */
  find(pointer: string, text: string, expression: string): { readonly pointer: string; readonly at: Span } | undefined {
    let found: { readonly pointer: string; readonly value: Span } | undefined;
    for (const [at, { value }] of this.#places) {
      if (at !== pointer && !at.startsWith(`${pointer}/`)) continue;
      // What holds it holds its text, too, and more.
      if (found !== undefined && found.value.end - found.value.start <= value.end - value.start) continue;
      if (this.text.slice(value.start, value.end).includes(text)) found = { pointer: at, value };
    }
    if (found === undefined) return undefined;
    const start = this.text.indexOf(expression, found.value.start);
    return { pointer: found.pointer, at: { start, end: start + expression.length } };
  }

  error(code: Code, at: Span, message: string, suggestion?: string): void {
    this.#report('error', code, at, message, suggestion);
  }

  warning(code: Code, at: Span, message: string, suggestion?: string): void {
    this.#report('warning', code, at, message, suggestion);
  }

  /** The line that an offset stands in, from 1. */
  line(offset: number): number {
    return Math.max(1, this.lines.linePos(offset).line);
  }

  #report(severity: Problem['severity'], code: Code, { start, end }: Span, message: string, suggestion?: string): void {
    const line = this.line(start);
    const first = this.lines.lineStarts[line - 1] ?? 0;
    const source = this.text.slice(first, this.lines.lineStarts[line]).replace(/\r?\n$/, '');
    const column = start - first + 1;
    const text = source.slice(column - 1, Math.min(end - first, column - 1 + SHOWN)).trimEnd();
    const key = `${code} ${start}`;
    // What is written once may be read many times, through aliases; it is one mistake.
    if (this.#problems.has(key)) return;
    this.#problems.set(key, { severity, code, message, file: this.file, line, column, text, suggestion, source });
  }
}

const parent = (pointer: string): string => pointer.slice(0, pointer.lastIndexOf('/'));
