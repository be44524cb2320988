import { spawn } from 'node:child_process';
import { root, sluiceArguments } from '../cli/process.ts';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line as a process of its own, which reads `input`, to its end. */
export function sluice(args: readonly string[], env: Record<string, string>, input = ''): Promise<Ended> {
  const child = spawn(process.execPath, sluiceArguments(args), { cwd: root, env: { ...process.env, ...env } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  // One that ends before it has read all says why itself.
  child.stdin.on('error', () => {}).end(input);
  return new Promise((resolve, reject) => child.on('error', reject).on('close', (code) => resolve({ code, out, err })));
}

/** The records that `consume --json` printed. */
export const printed = (out: string): unknown[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
