import { parseArgs } from 'node:util';
import { type Access, LISTENERS, USERS } from './access.ts';
import { startCluster } from './cluster.ts';
import { kafkaVersion } from './install.ts';
import { missing } from './requirements.ts';

const USAGE = 'usage: npm run broker -- [--brokers 1|3]';

/** Runs a Kafka in the foreground, topics made on first use, until Ctrl-C or SIGTERM. Exit code 2: wrong usage. */
async function main(): Promise<void> {
  const brokers = brokersAsked();
  if (brokers === undefined) return fail(USAGE, 2);
  const lack = missing();
  if (lack !== undefined) return fail(lack, 1);

  console.log(`starting Kafka ${kafkaVersion()} (the first time, its jars are fetched) ...`);
  const cluster = await startCluster({ brokers, properties: { 'auto.create.topics.enable': true } });
  console.log(describe(cluster));

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void cluster.stop().then(() => console.log('stopped; its data is gone')));
  }
}

function brokersAsked(): 1 | 3 | undefined {
  try {
    const { values } = parseArgs({ options: { brokers: { type: 'string', default: '1' } } });
    return ({ 1: 1, 3: 3 } as const)[values.brokers];
  } catch {
    return undefined;
  }
}

function describe({ bootstrap }: Access): string {
  const listeners = LISTENERS.filter((name) => name !== 'INTERNAL');
  return [
    ...listeners.map((name) => `${name.padEnd(15)} ${bootstrap[name].join(',')}`),
    `${'users'.padEnd(15)} ${Object.values(USERS)
      .map((user) => `${user.username} / ${user.password}`)
      .join(', ')}`,
    `${'mechanisms'.padEnd(15)} PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER (unsecured tokens)`,
    'PLAINTEXT, SSL and admin may do anything; alice and bob may do nothing until an ACL allows it.',
    'Press Ctrl-C to stop; the data goes with it.',
  ].join('\n');
}

function fail(message: string, code: number): void {
  console.error(message);
  process.exitCode = code;
}

await main();
