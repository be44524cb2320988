#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs';
import { exitCodes } from './io.ts';
import { sluice } from './program.ts';

// The first is where it is from `src/cli`, the second from what is built of it.
const manifests = ['../../package.json', '../../../package.json'].map((path) => new URL(path, import.meta.url));
const { version } = JSON.parse(readFileSync(manifests.find((path) => existsSync(path)) ?? '', 'utf8'));

// What the reader of a pipe leaves unread is no fault of this end.
let told = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  // A command that prints records listens, too, and tells what keeps it from printing.
  told ||= process.stdout.listenerCount('error') > 1;
  if (!told) process.stderr.write(`CLI_OUTPUT: standard output: ${error.message}\n`);
  told = true;
  process.exitCode = exitCodes.failed;
});

const code = await sluice(process.argv.slice(2), {
  version,
  env: process.env,
  isTerminal: process.stderr.isTTY === true,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  onSignal(handle) {
    process.on('SIGINT', handle).on('SIGTERM', handle);
    return () => void process.off('SIGINT', handle).off('SIGTERM', handle);
  },
  exit: (code) => process.exit(code),
});

process.exitCode ||= code;
// What a binding keeps open for a next stream must not keep the process; what failed to be written is told before.
process.stdout.write('', () => setImmediate(() => process.stderr.write('', () => process.exit())));
