import { type ChildProcess, spawn } from 'node:child_process';
import { java } from './requirements.ts';
import { asset } from './root.ts';

// Startup is what tests wait for, so the optimising compiler and a parallel collector would only cost them time.
const FLAGS = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Djava.awt.headless=true'];

// However this process ends, kill -9 included, the pipe on fd 3 ends too; then the JVM (the shell's own pid, after exec)
// is killed and its data removed. A JVM that ended before its pipe makes `kill` fail, and its data stays for a restart.
const WATCHED = `exec 3<&0
(cat <&3 >/dev/null; kill -9 $$ 2>/dev/null && rm -rf "$0") &
exec "$@" </dev/null 3<&-`;

/** Arguments for `java` that run `main`; `heap` is the most it may take, such as `512m`. */
export function javaArguments(classPath: string, heap: string, main: string, args: readonly string[]): string[] {
  const logging = `-Dlog4j2.configurationFile=${asset('log4j2.properties')}`;
  return [...FLAGS, `-Xmx${heap}`, logging, '-cp', classPath, main, ...args];
}

/**
 * Starts a JVM that cannot outlive this process. The child's pid is the JVM's.
 * @param args arguments of `java`
 * @param log open file descriptor that takes both outputs
 * @param directory is removed if this process ends before the JVM does
 */
export function launch(args: readonly string[], log: number, directory: string): ChildProcess {
  // Detached, so that Ctrl-C in a terminal reaches this process alone and it decides what stops when.
  const options = { stdio: ['pipe', log, log] as ['pipe', number, number], detached: true };
  return spawn('sh', ['-c', WATCHED, directory, java(), ...args], options);
}
