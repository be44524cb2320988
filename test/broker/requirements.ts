import { spawnSync } from 'node:child_process';
import { installed } from './install.ts';

/** The java to run: `SLUICE_JAVA`, else the one on the PATH. */
export function java(): string {
  return process.env.SLUICE_JAVA || 'java';
}

/**
 * Says in words what this machine lacks to run a broker, or undefined when it lacks nothing.
 * Maven counts only while the jars are not yet in the cache. Synchronous, since jest decides what to skip synchronously.
 */
export function missing(): string | undefined {
  const version = said(java(), '-version');
  if (version === undefined) return `no Java: '${java()}' does not run`;
  const major = Number(/version "(\d+)/.exec(version)?.[1]);
  if (!(major >= 17)) return `Java 17 or later is needed, '${java()}' says ${version.split('\n')[0]}`;
  if (said('openssl', 'version') === undefined) return `no openssl on the PATH`;
  if (!installed() && said('mvn', '-version') === undefined) return `no Maven ('mvn') on the PATH to fetch Kafka with`;
  return undefined;
}

function said(command: string, argument: string): string | undefined {
  const { status, stdout, stderr } = spawnSync(command, [argument], { encoding: 'utf8' });
  return status === 0 ? stdout + stderr : undefined;
}
