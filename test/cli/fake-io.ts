import { PassThrough } from 'node:stream';
import type { Io } from '../../src/cli/io.ts';

/** A process that a test can look into and send signals to. */
export function fakeIo(isTerminal = false) {
  const said = { out: '', err: '', exits: [] as number[] };
  const handlers = new Set<(signal: string) => void>();
  const waiting: { for_: RegExp; done: (found: RegExpExecArray) => void }[] = [];
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const io: Io = {
    version: '1.2.3',
    env: { PROXY_HOST: 'localhost', PROXY_PORT: '7443' },
    isTerminal,
    stdin,
    stdout,
    stderr,
    out(text) {
      said.out += text;
    },
    err(text) {
      said.err += text;
      for (const { for_, done } of waiting) {
        const found = for_.exec(said.err);
        if (found) done(found);
      }
    },
    onSignal(handle) {
      handlers.add(handle);
      return () => void handlers.delete(handle);
    },
    exit: (code) => void said.exits.push(code),
  };
  return {
    said,
    io,
    stdin,
    stdout,
    stderr,
    signal: (name: string) => {
      for (const handle of handlers) handle(name);
    },
    until: (for_: RegExp) => new Promise<RegExpExecArray>((done) => waiting.push({ for_, done })),
  };
}
