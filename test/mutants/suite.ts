import { writeSync } from 'node:fs';
import fc from 'fast-check';
import { cacheLaws } from '../properties/cache-laws.ts';
import { held, specs } from '../properties/specs.ts';
import { stageLaws } from '../properties/stage/laws.ts';

// Runs the law suite of the operators named on the command line, or that of the `cache` or `stage`; prints `> law`
// before each law and `! law` when it is broken, at once, so that the law under way is known even if it never ends.
const SEED = 20_260_822;

fc.configureGlobal({ seed: SEED, endOnFailure: true });
const say = (sign: '>' | '!', name: string): number => writeSync(1, `${sign} ${name}\n`);
const test = (name: string, body: () => void): void => {
  say('>', name);
  try {
    body();
  } catch {
    say('!', name);
  }
};
process.on('uncaughtException', () => say('!', 'all: nobody throws'));
for (const name of process.argv.slice(2)) {
  if (name === 'cache') cacheLaws({ test, fc });
  if (name === 'stage') stageLaws({ test, fc });
  for (const spec of specs[name] ?? []) held(spec, { test, fc });
}
