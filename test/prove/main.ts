import { filesystemVault } from '../../src/net/filesystem-vault.ts';
import { netProxy } from '../bench/net-proxy.ts';
import { startCluster } from '../broker/cluster.ts';
import { openJudge } from '../broker/judge.ts';
import { serversOf } from '../integration/judged.ts';
import { judgement } from '../integration/judgement/judgement.ts';
import { snapshots } from '../integration/judgement/snapshots.ts';
import { mutations } from '../integration/mutations.ts';
import { Directories } from '../integration/pair.ts';
import { type ChaosOptions, chaos } from '../properties/net-chaos.ts';
import { Certificates } from '../src/net/certificates.ts';

// The proofs that take too long for every test run. Prints its figures; exits with 1 if any of them does not hold.
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const certificates = new Certificates();

async function connections(name: string, options: Omit<ChaosOptions, 'seed'>): Promise<void> {
  const { opened, graceful, mistakes, left } = await chaos({ ...options, seed });
  console.log(`${name}: ${opened} connections, at most ${options.atOnce} at once, SEED=${seed}`);
  console.log(`  ${graceful} graceful, ${mistakes.length} mistakes, ${left.length} handles left`);
  for (const problem of [...mistakes, ...left]) console.log(`  ${problem}`);
  if (opened !== options.connections || mistakes.length + left.length > 0) process.exitCode = 1;
}

async function throughput(tls: boolean): Promise<void> {
  const { name, ratio, growth } = await netProxy({ tls, rounds: 3 });
  console.log(`${name}: ${ratio.toFixed(2)}x a bare pipe, resident memory grew by ${growth.toFixed(1)} MB`);
  if (growth > 64) process.exitCode = 1;
}

async function mutated(): Promise<void> {
  const cluster = await startCluster();
  const judge = await openJudge(cluster);
  try {
    const { outcomes, mistakes } = await mutations({ servers: serversOf(cluster), judge, rounds: 10_000, seed });
    console.log(`10,000 streams with a response mutated, SEED=${seed}: ${mistakes.length} mistakes`);
    console.log(`  ${JSON.stringify(outcomes)}`);
    for (const problem of mistakes) console.log(`  ${problem}`);
    if (mistakes.length > 0) process.exitCode = 1;
  } finally {
    await judge.close();
    await cluster.stop();
  }
}

async function judged(): Promise<void> {
  const cluster = await startCluster({ heap: '1g' });
  const directories = new Directories();
  try {
    const dir = (name: string): string => directories.of(name);
    const options = { access: cluster, readers: 50, name: 'judged', dir: dir('judged'), patience: 600_000 };
    const { mistakes, held, received, seconds } = await judgement({ ...options, records: 1_000_000 });
    console.log(`50 readers of a cache pair over ${held} records, judged: ${mistakes.length} mistakes`);
    console.log(`  they got ${received} records within ${seconds.toFixed(0)} s`);
    const bounded = await snapshots({ access: cluster, topic: 'snapshots', keys: 5_000, reads: 25, dir });
    const { written, left } = bounded;
    console.log(`50 bounded reads of 5,000 keys that are rewritten all the time: ${bounded.mistakes.length} mistakes`);
    console.log(`  ${written} records were written, of which the broker's cleaner left ${left}`);
    for (const problem of [...mistakes, ...bounded.mistakes]) console.log(`  ${problem}`);
    if (mistakes.length + bounded.mistakes.length > 0 || left >= written / 2) process.exitCode = 1;
  } finally {
    await cluster.stop();
    directories.remove();
  }
}

try {
  await judged();
  await mutated();
  certificates.self('localhost', ['localhost']);
  certificates.join('keys.pem', 'localhost.key', 'localhost.pem');
  const store = { type: 'pem', store: 'keys.pem' } as const;
  const vault = filesystemVault({ keys: store, trust: store }, certificates.directory);
  await connections('tcp', { connections: 10_000, atOnce: 2_000 });
  await connections('tls', { connections: 10_000, atOnce: 1_000, vault });
  await throughput(false);
  await throughput(true);
} finally {
  certificates.remove();
}
