import { parts } from './parts.ts';

// What things cost, as ratios: all parts, or those that are named.
const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);
  process.exit(1);
}
for (const [name, measure] of Object.entries(parts)) if (names.length === 0 || names.includes(name)) await measure();
