import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { MOST_LEVELS, tooDeep } from './depth.ts';
import { type Env, hasExpression, resolveExpressions, shield, unshield } from './expressions.ts';
import { type Source, type Span, under } from './source.ts';

/** The longest text taken, in characters. */
export const LONGEST_TEXT = 256 * 1024;

const MOST_VALUES = 20_000;
const MOST_SYNTAX_ERRORS = 20;
const UNREADABLE = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\uf900-\ufffc\u{10000}-\u{10ffff}]/u;
/** What stands for bytes that are not UTF-8 once they are read. */
const REPLACED = '\ufffd';
const POLLUTING: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads YAML into plain data with the place of everything in it, its expressions resolved. What cannot be read is
 * reported to `source`; the answer is `undefined` when there is nothing worth looking at further.
 */
export function parse(source: Source, env: Env): unknown {
  const { text } = source;
  source.lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) source.lines.addNewLine(at + 1);
  if (text.length > LONGEST_TEXT) {
    const message = `${text.length} characters are more than a config may have (${LONGEST_TEXT})`;
    return source.error('CONFIG_TOO_LARGE', { start: 0, end: 1 }, message);
  }
  const junk = text.search(UNREADABLE);
  if (junk >= 0) {
    const message =
      text[junk] === REPLACED ? 'this is not UTF-8' : `character ${text.codePointAt(junk)} cannot stand in YAML`;
    return source.error('CONFIG_SYNTAX', { start: junk, end: junk + 1 }, message, 'save the file as UTF-8 text');
  }
  const deep = tooDeep(text);
  if (deep !== undefined) {
    const message = `values nest more than ${MOST_LEVELS} deep`;
    return source.error('CONFIG_TOO_LARGE', { start: deep, end: deep + 1 }, message);
  }
  // Keys are compared below, by a map: the parser's own comparison takes time in the square of their number.
  const document = parseDocument(shield(text), { prettyErrors: false, uniqueKeys: false, version: '1.2' });
  for (const error of [...document.errors, ...document.warnings].slice(0, MOST_SYNTAX_ERRORS))
    syntax(source, error, document);
  if (source.failed) return undefined;
  try {
    return new Reader(source, env).read(document.contents);
  } catch (thrown) {
    if (!(thrown instanceof Exhausted)) throw thrown;
    source.error('CONFIG_TOO_LARGE', thrown.at, `aliases and all, this has more than ${MOST_VALUES} values`);
    return undefined;
  }
}

class Exhausted extends Error {
  readonly at: Span;

  constructor(at: Span) {
    super();
    this.at = at;
  }
}

/** Turns nodes into plain data. */
class Reader {
  readonly #source: Source;
  readonly #env: Env;
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  #values = 0;

  constructor(source: Source, env: Env) {
    this.#source = source;
    this.#env = env;
  }

  read(node: unknown, pointer = '', key?: Span): unknown {
    const value = isNode(node) ? span(node) : (key ?? { start: 0, end: 0 });
    this.#values += 1;
    if (this.#values > MOST_VALUES) throw new Exhausted(value);
    this.#source.put(pointer, { key: key ?? value, value, outcome: 'plain' });
    if (isAlias(node)) return this.#alias(node, pointer, key);
    if (!isNode(node)) return null;
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    this.#open.add(node);
    const read = this.#content(node, pointer, key ?? value);
    this.#open.delete(node);
    return read;
  }

  #content(node: Node, pointer: string, key: Span): unknown {
    if (isMap(node)) return this.#map(node.items, pointer);
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, under(pointer, index)));
    return isScalar(node) ? this.#scalar(node.value, span(node), pointer, key) : null;
  }

  #alias(alias: Alias, pointer: string, key: Span | undefined): unknown {
    const node = this.#anchors.get(alias.source);
    if (node !== undefined && !this.#open.has(node)) return this.read(node, pointer, key);
    const message = node === undefined ? `no anchor above is named \`${alias.source}\`` : 'this alias holds itself';
    this.#source.error('CONFIG_SYNTAX', span(alias), message, 'write the value out');
    this.#source.put(pointer, { key: key ?? span(alias), value: span(alias), outcome: 'failed' });
    return null;
  }

  #map(pairs: readonly Pair[], pointer: string): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    const seen = new Map<string, number>();
    for (const { key, value } of pairs) {
      const at = isNode(key) ? span(key) : this.#source.place(pointer).key;
      const name = isScalar(key) ? unshield(String(key.value)) : '';
      const first = seen.get(name);
      if (!isScalar(key)) this.#source.error('CONFIG_SYNTAX', at, 'a key must be a plain word');
      else if (name === '<<') {
        this.#source.error(
          'CONFIG_SYNTAX',
          at,
          'YAML 1.2 merges no keys',
          'write the keys out, or an alias for the whole',
        );
        this.#source.put(pointer, { ...this.#source.place(pointer), outcome: 'failed' });
      } else if (POLLUTING.has(name))
        this.#source.error('CONFIG_KEY_FORBIDDEN', at, `\`${name}\` cannot be a key`, 'choose another name');
      else if (first !== undefined) {
        const message = `\`${name}\` stands here twice, first in line ${this.#source.line(first)}`;
        this.#source.error('CONFIG_DUPLICATE_KEY', at, message, 'keep one of them');
      } else {
        seen.set(name, at.start);
        map[name] = this.read(value, under(pointer, name), at);
      }
    }
    return map;
  }

  #scalar(value: unknown, at: Span, pointer: string, key: Span): unknown {
    if (typeof value !== 'string') return value;
    const written = unshield(value);
    if (!hasExpression(written)) return written;
    let failed = false;
    const resolved = resolveExpressions(written, this.#env, ({ code, message, suggestion }) => {
      failed = true;
      this.#source.error(code, at, message, suggestion);
    });
    this.#source.put(pointer, { key, value: at, outcome: failed ? 'failed' : 'resolved' });
    return resolved;
  }
}

const span = ({ range }: Node): Span => ({ start: range?.[0] ?? 0, end: range?.[1] ?? 0 });

function syntax(source: Source, { code, message, pos }: YAMLError, document: Document.Parsed): void {
  let [start, end] = pos;
  if (code === 'MISSING_CHAR') start = openedAt(document, start) ?? start;
  while (source.text[start] === ' ') start += 1;
  end = Math.max(end, start + 1);
  // One slip is read as several, of which the first in a line tells most.
  if (source.problems.some(({ line }) => line === source.line(start))) return;
  const [says, suggestion] = teach(code, message);
  if (code === 'RESOURCE_EXHAUSTION') source.error('CONFIG_TOO_LARGE', { start, end }, 'this is nested too deeply');
  else source.error('CONFIG_SYNTAX', { start, end }, says, suggestion);
}

/** Where the quote or bracket was opened that is not closed by `end`. */
function openedAt({ contents }: Document.Parsed, end: number): number | undefined {
  let opened: number | undefined;
  visit(contents, {
    Node(_, { range }) {
      // Nodes are visited from the outermost in.
      if (range && range[0] < end && end <= range[2]) opened = range[0];
    },
  });
  return opened;
}

/** What to say of the commonest mistakes; the parser words the others. */
function teach(code: string, message: string): readonly [string, string?] {
  switch (code) {
    case 'TAB_AS_INDENT':
      return ['a tab cannot indent', 'indent with spaces'];
    case 'BAD_INDENT':
      return ['this is not indented like its neighbours', 'give keys of one mapping the same indentation'];
    case 'MISSING_CHAR':
      return ['this is opened and not closed', 'close the quote or bracket'];
    case 'TAG_RESOLVE_FAILED':
      return ['no tag is known here', 'leave the tag out'];
    case 'MULTIPLE_DOCS':
      return ['a config is one document', 'leave out what stands from `---` on'];
    case 'UNEXPECTED_TOKEN':
      return ['this cannot stand here'];
    default:
      return [message.split('\n')[0] ?? message];
  }
}
