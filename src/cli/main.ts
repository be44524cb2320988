#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { sluice } from './program.ts';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

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
