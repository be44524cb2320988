/** Whether `name` matches `pattern`, in which `*` stands for any run of characters; letter case matters. */
export function covers(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return name === first;
  // Taking each part where it first occurs is linear, where a regular expression would backtrack on a peer's name.
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.startsWith(first) && name.endsWith(last) && at + last.length <= name.length;
}
