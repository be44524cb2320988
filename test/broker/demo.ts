import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { startCluster } from './cluster.ts';
import { kafkaVersion } from './install.ts';
import { missing } from './requirements.ts';
import { packageRoot } from './root.ts';

const RECORDS = ['apples:3', 'pears:5', 'apples:4'];
const ON_TOPIC = ['graphs/client.yaml', '--binding', 'app', '--topic', 'fruit'];

/** Starts a Kafka, writes records to a topic of it and reads them back by the command line, and stops. */
async function main(): Promise<number> {
  const lack = missing();
  if (lack !== undefined) {
    console.error(lack);
    return 1;
  }
  console.log(`starting Kafka ${kafkaVersion()} (the first time, its jars are fetched) ...`);
  const cluster = await startCluster({ properties: { 'auto.create.topics.enable': true } });
  try {
    const server = cluster.bootstrap.PLAINTEXT.join(',');
    const produced = await sluice(server, ['produce', ...ON_TOPIC, '--key-separator', ':'], `${RECORDS.join('\n')}\n`);
    if (produced !== 0) return produced;
    return await sluice(server, ['consume', ...ON_TOPIC, '--from', 'earliest', '--until', 'latest', '--json']);
  } finally {
    await cluster.stop();
    console.log('stopped; its data is gone');
  }
}

/** Runs one command line as a process of its own, which reads `input`; answers its exit code. */
function sluice(server: string, args: readonly string[], input = ''): Promise<number> {
  console.log(`\n$ ${input && `printf '${input.replaceAll('\n', '\\n')}' | `}sluice ${args.join(' ')}`);
  const child = spawn(process.execPath, [join(packageRoot(), 'dist/src/cli/main.js'), ...args], {
    cwd: packageRoot(),
    env: { ...process.env, KAFKA_BOOTSTRAP_SERVER: server },
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  // One that ends before it has read all says why itself.
  child.stdin.on('error', () => {}).end(input);
  return new Promise((resolve, reject) => child.on('error', reject).on('close', (code) => resolve(code ?? 1)));
}

process.exitCode = await main();
