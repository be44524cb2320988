#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs';
import { sluice } from './program.ts';

// The first is where it is from `src/cli`, the second from what is built of it.
const manifests = ['../../package.json', '../../../package.json'].map((path) => new URL(path, import.meta.url));
const { version } = JSON.parse(readFileSync(manifests.find((path) => existsSync(path)) ?? '', 'utf8'));

process.exitCode = await sluice(process.argv.slice(2), {
  version,
  env: process.env,
  isTerminal: process.stderr.isTTY === true,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  onSignal(handle) {
    process.on('SIGINT', handle).on('SIGTERM', handle);
    return () => void process.off('SIGINT', handle).off('SIGTERM', handle);
  },
  exit: (code) => process.exit(code),
});
