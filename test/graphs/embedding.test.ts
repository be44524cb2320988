import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sourceArguments } from '../cli/process.ts';

/** Shorter than what a cache keeps a topic for that nobody reads, in milliseconds. */
const SOON = 25_000;

describe('an application that embeds a graph', () => {
  it('ends by itself once it has stopped the graph', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sluice-embedding-'));
    const child = spawn(process.execPath, sourceArguments('test/graphs/embedding.ts', [dir]), { timeout: SOON });
    let out = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    const [code, signal] = await once(child, 'close');
    rmSync(dir, { recursive: true, force: true });
    expect({ code, signal, out, errors }).toEqual({ code: 0, signal: null, out: 'abc', errors: '' });
  }, 60_000);
});
