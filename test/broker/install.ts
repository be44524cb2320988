import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { asset } from './root.ts';

const TEN_MINUTES = 600_000;

/** The Kafka version that pom.xml pins, such as `4.3.1`. */
export function kafkaVersion(): string {
  const version = /<kafka\.version>(.+)<\/kafka\.version>/.exec(readFileSync(asset('pom.xml'), 'utf8'))?.[1];
  if (version === undefined) throw new Error('pom.xml pins no kafka.version');
  return version;
}

/** Where the jars live: `SLUICE_KAFKA_CACHE`, else `~/.cache/sluice/kafka-<version>`. */
export function cacheDirectory(): string {
  return process.env.SLUICE_KAFKA_CACHE || join(homedir(), '.cache', 'sluice', `kafka-${kafkaVersion()}`);
}

/** Whether the jars are in the cache, whole: the directory only ever appears by a rename. */
export function installed(): boolean {
  return existsSync(join(cacheDirectory(), `kafka_2.13-${kafkaVersion()}.jar`));
}

/**
 * The class path of Kafka and its tools, fetched with Maven if the cache has none (about 45 MB, once).
 * Two processes may race: both fetch, the first rename wins, the other's copy is thrown away.
 * @throws Error with what Maven said, when it fails or takes more than ten minutes.
 */
export async function classPath(): Promise<string> {
  const cache = cacheDirectory();
  if (!installed()) await install(cache);
  const jars = readdirSync(cache).filter((name) => name.endsWith('.jar'));
  return jars
    .sort()
    .map((name) => join(cache, name))
    .join(':');
}

async function install(cache: string): Promise<void> {
  await mkdir(dirname(cache), { recursive: true });
  const fresh = await mkdtemp(`${cache}.`);
  try {
    await copyDependencies(fresh);
    await rename(fresh, cache).catch((error: Error) => {
      if (!installed()) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function copyDependencies(into: string): Promise<void> {
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${into}`];
  const args = ['--quiet', '--batch-mode', '--file', asset('pom.xml'), ...goal];
  await promisify(execFile)('mvn', args, { timeout: TEN_MINUTES }).catch((error: Error & { stdout?: string }) => {
    throw new Error(`Kafka's jars could not be fetched: ${error.message}\n${error.stdout ?? ''}`, { cause: error });
  });
}
