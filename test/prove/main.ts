import { filesystemVault } from '../../src/net/filesystem-vault.ts';
import { RemoteListeners } from '../bench/listeners.ts';
import { netProxy } from '../bench/net-proxy.ts';
import { sseStalled } from '../bench/sse-stalled.ts';
import { startCluster } from '../broker/cluster.ts';
import { openJudge } from '../broker/judge.ts';
import { serversOf } from '../integration/judged.ts';
import { mutations } from '../integration/mutations.ts';
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

async function stalled(): Promise<void> {
  const listeners = new RemoteListeners();
  try {
    const sizes = { reading: 4_000, stalled: 1_000, rounds: 10, records: 80, size: 1_600 };
    const { alone, beside, held, mistakes } = await sseStalled({ listeners, ...sizes });
    console.log(`4,000 clients of events, and 1,000 beside them that do not read: ${mistakes.length} mistakes`);
    const rates = `${Math.round(alone)} events/s alone, ${Math.round(beside)} beside`;
    console.log(`  ${rates}; ${(held / 1024).toFixed(1)} KB more for each that does not read`);
    for (const mistake of mistakes) console.log(`  ${mistake}`);
    if (mistakes.length > 0 || beside < alone / 2 || held > 256 * 1024) process.exitCode = 1;
  } finally {
    listeners.close();
  }
}

try {
  await stalled();
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
