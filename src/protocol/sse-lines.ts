const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DATA = Buffer.from('data:');

/** What a line of data has beside its text, at most. */
const MOST_ADDED = 'data: \n'.length;

/** Up to how many bytes a text is looked through sooner by a loop than by native code. */
const SHORT = 128;

/** Where the lines of a text end, if it has several. */
export function endsOf(text: Uint8Array): readonly number[] | undefined {
  if (!isBroken(text)) return undefined;
  const ends: number[] = [];
  for (let at = 0; at < text.byteLength; at += 1) {
    if (text[at] !== LF && text[at] !== CR) continue;
    ends.push(at);
    if (text[at] === CR && text[at + 1] === LF) at += 1;
  }
  return [...ends, text.byteLength];
}

function isBroken(text: Uint8Array): boolean {
  const { length } = text;
  if (length > SHORT) return text.indexOf(LF) >= 0 || text.indexOf(CR) >= 0;
  for (let at = 0; at < length; at += 1) if (text[at] === LF || text[at] === CR) return true;
  return false;
}

/** How many bytes the lines of a text take at most, which end there. */
export const mostLines = (text: Uint8Array, ends: readonly number[] | undefined): number =>
  text.byteLength + (ends?.length ?? 1) * MOST_ADDED + 1;

/** Writes the `data:` lines of a text, which end there, and the empty one that ends an event; answers where that ends. */
export function writeLines(
  into: Uint8Array,
  at: number,
  text: Uint8Array,
  ends: readonly number[] | undefined,
): number {
  let to = at;
  if (ends === undefined) to = writeLine(into, at, text);
  else {
    let from = 0;
    for (const end of ends) {
      to = writeLine(into, to, text.subarray(from, end));
      from = text[end] === CR && text[end + 1] === LF ? end + 2 : end + 1;
    }
  }
  into[to] = LF;
  return to + 1;
}

function writeLine(into: Uint8Array, at: number, text: Uint8Array): number {
  into.set(DATA, at);
  let to = at + DATA.byteLength;
  // A client takes one space from what stands behind the colon.
  if (text[0] === SPACE) into[to++] = SPACE;
  into.set(text, to);
  to += text.byteLength;
  into[to] = LF;
  return to + 1;
}
