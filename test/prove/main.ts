import { parts } from './parts.ts';

// The proofs that take too long for every test run: all of them, or those that are named. Prints their figures; exits with 1
// if any of them does not hold.
const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  console.error(`no such proof: ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);
  process.exit(1);
}
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
for (const [name, prove] of Object.entries(parts)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const start = performance.now();
  console.log(`${name}, SEED=${seed}`);
  const proved = prove(seed, (figure) => console.log(`  ${figure}`));
  // What ends a proof early is what does not hold of it.
  const mistakes = await proved.catch((thrown: Error): readonly string[] => [thrown.stack ?? thrown.message]);
  for (const mistake of mistakes) console.log(`  MISTAKE: ${mistake}`);
  const seconds = ((performance.now() - start) / 1_000).toFixed(0);
  console.log(`  ${mistakes.length === 0 ? 'holds' : 'DOES NOT HOLD'}, ${seconds} s`);
  if (mistakes.length > 0) process.exitCode = 1;
}
