import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Writes records to a topic without a broker and reads them back, by the command line, and leaves nothing behind.

const RECORDS = ['apples:3', 'pears:5', 'apples:4'];
const TOPIC = ['--topic', 'items'];

const root = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'sluice-demo-'));

/** Runs one command line as a process of its own, which reads `input`; answers its exit code. */
function sluice(command: string, args: readonly string[], input = ''): Promise<number> {
  const line = ['graphs/embedded.yaml', ...args, ...TOPIC, '--dir', dir];
  console.log(`\n$ ${input && `printf '${input.replaceAll('\n', '\\n')}' | `}sluice ${command} ${line.join(' ')}`);
  const main = root(`../src/cli/main${extname(import.meta.url)}`);
  const child = spawn(process.execPath, [...process.execArgv, main, command, ...line], {
    cwd: root(import.meta.url.endsWith('.ts') ? '..' : '../..'),
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  // One that ends before it has read all says why itself.
  child.stdin.on('error', () => {}).end(input);
  return new Promise((resolve, reject) => child.on('error', reject).on('close', (code) => resolve(code ?? 1)));
}

try {
  process.exitCode =
    (await sluice('produce', ['--binding', 'app', '--key-separator', ':'], `${RECORDS.join('\n')}\n`)) ||
    (await sluice('consume', ['--binding', 'app', '--from', 'earliest', '--until', 'latest', '--json']));
} finally {
  rmSync(dir, { recursive: true });
}
