/** Whether `name` matches `pattern`, in which `*` stands for any run of characters; letter case does not matter. */
export function wildcard(pattern: string, name: string | undefined): boolean {
  if (name === undefined) return false;
  const text = name.toLowerCase();
  const [first = '', ...rest] = pattern.toLowerCase().split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  // Taking each part where it first occurs is linear, where a regular expression would backtrack on a peer's name.
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.startsWith(first) && text.endsWith(last) && at + last.length <= text.length;
}
