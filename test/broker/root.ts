import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The directory of sluice's own package.json, from the sources as from `dist`.
 * @throws Error when no directory above this file has it.
 */
export function packageRoot(): string {
  for (let at = import.meta.dirname; at !== dirname(at); at = dirname(at)) {
    const manifest = join(at, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'sluice') return at;
  }
  throw new Error(`no package.json of sluice above ${import.meta.dirname}`);
}

/** Absolute path of a file of test/broker that `tsc` does not copy to `dist`. */
export function asset(name: string): string {
  return join(packageRoot(), 'test', 'broker', name);
}
