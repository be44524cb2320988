import { filesystemVault } from '../../src/net/filesystem-vault.ts';
import type { Vault } from '../../src/net/vault.ts';
import { idleConsumers } from '../bench/idle-consumers.ts';
import { largeValue } from '../bench/large-value.ts';
import { RemoteListeners } from '../bench/listeners.ts';
import { netProxy } from '../bench/net-proxy.ts';
import { sseStalled } from '../bench/sse-stalled.ts';
import type { Access } from '../broker/access.ts';
import { startCluster } from '../broker/cluster.ts';
import { type Judge, openJudge } from '../broker/judge.ts';
import { COMPRESSIONS, writtenByKafka, writtenByKafkajs, writtenByUs } from '../integration/codecs.ts';
import { serversOf } from '../integration/judged.ts';
import { judgement } from '../integration/judgement/judgement.ts';
import { snapshots } from '../integration/judgement/snapshots.ts';
import { mutations } from '../integration/mutations.ts';
import { Directories } from '../integration/pair.ts';
import { pairStorm } from '../integration/pair-storm.ts';
import { type ChaosOptions, chaos } from '../properties/net-chaos.ts';
import { type Doing, doings, killings } from '../src/cache/killings.ts';
import { Certificates } from '../src/net/certificates.ts';

/** Says its figures as it has them, and answers what does not hold. */
export type Proof = (seed: number, say: (figure: string) => void) => Promise<readonly string[]>;

/** Every proof, by its name. */
export const parts: Readonly<Record<string, Proof>> = {
  codecs: (_, say) => codecs(say),
  events: (_, say) => events(say),
  cache: (_, say) => judged(say),
  snapshots: (_, say) => rewritten(say),
  killed: (seed, say) => killed(seed, say),
  idle: (_, say) => idle(say),
  mutations: (seed, say) => mutated(seed, say),
  storm: (_, say) => storm(say),
  'large-value': (_, say) => large(say),
  tcp: (seed, say) => connections({ connections: 10_000, atOnce: 2_000, seed }, say),
  tls: (seed, say) => withVault((vault) => connections({ connections: 10_000, atOnce: 1_000, seed, vault }, say)),
  'tcp-throughput': (_, say) => throughput(false, say),
  'tls-throughput': (_, say) => throughput(true, say),
};

type Say = Parameters<Proof>[1];

/** The most that memory may grow by while gigabytes pass, in MB. */
const MOST_GROWTH = 64;
/** The same, while a value of 100 MB passes that is not held in memory. */
const MOST_GROWTH_BY_A_VALUE = 32;

const withKafka = async <T>(use: (kafka: { access: Access; judge: Judge }) => Promise<T>): Promise<T> => {
  const access = await startCluster();
  try {
    const judge = await openJudge(access);
    return await use({ access, judge }).finally(() => judge.close());
  } finally {
    await access.stop();
  }
};

/** 100,000 records of each codec, with headers, nulls and tombstones, byte for byte both ways. */
const codecs = (say: Say): Promise<readonly string[]> =>
  withKafka(async (kafka) => {
    const options = { ...kafka, records: 100_000 };
    const mistakes: string[] = [];
    const found = async (name: string, differences: Promise<readonly string[]>): Promise<void> => {
      const all = await differences;
      say(`${options.records} records written by ${name}: ${all.length} differences`);
      mistakes.push(...all.map((one) => `written by ${name}: ${one}`));
    };
    for (const compression of COMPRESSIONS) {
      await found(`sluice, ${compression}`, writtenByUs(options, compression));
      await found(`Kafka's console producer, ${compression}`, writtenByKafka(options, compression));
    }
    for (const compression of ['none', 'gzip'] as const) {
      await found(`kafkajs, ${compression}`, writtenByKafkajs(options, compression));
    }
    return mistakes;
  });

/** Clients of events in other processes, of which some do not read: all the others are served as if there were none. */
async function events(say: Say): Promise<readonly string[]> {
  const [reading, stalled] = [new RemoteListeners(), new RemoteListeners()];
  try {
    const { beside, alone, held, mistakes } = await sseStalled({
      reading: { listeners: reading, clients: 4_000 },
      stalled: { listeners: stalled, clients: 1_000 },
      fill: { records: 128, size: 8 * 1024 },
      rounds: 20,
      records: 25,
    });
    say(`4,000 clients: ${Math.round(alone)} events/s, and ${Math.round(beside)} beside 1,000 that do not read`);
    say(`that is ${(beside / alone).toFixed(2)} of it`);
    say(`each of those takes ${(held / 1024).toFixed(1)} KB of memory`);
    const slow = beside < alone / 2 ? ['clients that do not read slow the others down'] : [];
    return [...mistakes, ...slow, ...(held > MOST_HELD ? [`that is more than ${MOST_HELD} bytes`] : [])];
  } finally {
    reading.close();
    stalled.close();
  }
}

/** The most that a client of events takes that does not read, in bytes: what may wait on the way to it, and some. */
const MOST_HELD = 256 * 1024;

/** 10,000 streams, each with a response mutated. */
const mutated = (seed: number, say: Say): Promise<readonly string[]> =>
  withKafka(async ({ access, judge }) => {
    const before = process.memoryUsage.rss();
    const { outcomes, mistakes } = await mutations({ servers: serversOf(access), judge, rounds: 10_000, seed });
    const growth = (process.memoryUsage.rss() - before) / 2 ** 20;
    say(`10,000 streams ended: ${JSON.stringify(outcomes)}`);
    say(`memory grew by ${growth.toFixed(0)} MB`);
    return mistakes;
  });

/** A million records written in every way, and 50 readers of them through a cache pair. */
const judged = (say: Say): Promise<readonly string[]> =>
  withKafka(async ({ access }) => {
    const directories = new Directories();
    const options = { access, readers: 50, name: 'judged', dir: directories.of('judged'), patience: 60_000, tell: say };
    const { mistakes, held, received, seconds } = await judgement({ ...options, records: 1_000_000 }).finally(() =>
      directories.remove(),
    );
    say(`50 readers got ${received} records of ${held} within ${seconds.toFixed(0)} s`);
    return mistakes;
  });

/** Bounded reads, warm and cold, of keys that are all rewritten all the time. */
const rewritten = (say: Say): Promise<readonly string[]> =>
  withKafka(async ({ access }) => {
    const directories = new Directories();
    const dir = (name: string): string => directories.of(name);
    const options = { access, topic: 'rewritten', keys: 5_000, reads: 8, dir, tell: say };
    const { mistakes, written, left } = await snapshots(options).finally(() => directories.remove());
    say(`16 bounded reads while ${written} records were written, of which the broker's cleaner left ${left}`);
    return left < written / 2 ? mistakes : [...mistakes, "the broker's cleaner was not at it"];
  });

/** A process that is killed again and again while it fills a cache, cleans it, and drops what is past retention. */
async function killed(seed: number, say: Say): Promise<readonly string[]> {
  const directories = new Directories();
  const mistakes: string[] = [];
  const [ROUNDS, KILLS] = [4, 10];
  try {
    for (const doing of Object.keys(doings) as Doing[]) {
      for (let round = 1; round <= ROUNDS; round += 1) {
        const directory = directories.of(`${doing}-${round}`);
        mistakes.push(...(await killings({ directory, doing, kills: KILLS, seed: (seed + round) % 2 ** 31 })));
        say(`killed ${round * KILLS} times in the middle of ${doing}: ${mistakes.length} mistakes`);
      }
    }
    return mistakes;
  } finally {
    directories.remove();
  }
}

/** Consumers that do not read, of a compacted topic that is written all the time. */
async function idle(say: Say): Promise<readonly string[]> {
  if (global.gc === undefined) return ['it is to be run with node --expose-gc'];
  const { each, growth, resident, speed } = await idleConsumers({ idle: 5_000, records: 1_000_000, say });
  say(`5,000 that do not read take ${(each / 1024).toFixed(1)} KB each`);
  say(`memory grew by ${growth.toFixed(1)} MB with a million records, resident by ${resident.toFixed(1)} MB`);
  say(`one that does read beside them: ${speed.toFixed(2)}x its speed alone`);
  return growth > MOST_GROWTH ? [`memory grew by more than ${MOST_GROWTH} MB`] : [];
}

/** Many producers through a cache pair, while connections are cut and a leader is killed. */
async function storm(say: Say): Promise<readonly string[]> {
  const cluster = await startCluster({ brokers: 3, proxied: true });
  try {
    const options = { topic: 'produced', producers: 200, records: 100, large: 20 };
    const { acked, retried, mistakes } = await pairStorm(cluster, options);
    say(`${acked} records acknowledged, ${retried} retries`);
    return acked < 15_000 ? [...mistakes, 'fewer than 15,000 records were acknowledged'] : mistakes;
  } finally {
    await cluster.stop();
  }
}

/** A value of 100 MB and unknown length through a cache pair. */
async function large(say: Say): Promise<readonly string[]> {
  const { growth, seconds } = await largeValue();
  say(`memory grew by ${growth.toFixed(1)} MB, in ${seconds.toFixed(1)} s`);
  return growth > MOST_GROWTH_BY_A_VALUE ? [`memory grew by more than ${MOST_GROWTH_BY_A_VALUE} MB`] : [];
}

const withVault = async <T>(use: (vault: Vault) => Promise<T>): Promise<T> => {
  const certificates = new Certificates();
  try {
    certificates.self('localhost', ['localhost']);
    certificates.join('keys.pem', 'localhost.key', 'localhost.pem');
    const store = { type: 'pem', store: 'keys.pem' } as const;
    return await use(filesystemVault({ keys: store, trust: store }, certificates.directory));
  } finally {
    certificates.remove();
  }
};

/** Connections that come, talk and go in every way there is. */
async function connections(options: ChaosOptions, say: Say): Promise<readonly string[]> {
  const { opened, graceful, mistakes, left } = await chaos(options);
  say(`${opened} connections, at most ${options.atOnce} at once: ${graceful} graceful, ${left.length} handles left`);
  const missing = opened === options.connections ? [] : [`not all of ${options.connections} connections were opened`];
  return [...missing, ...mistakes, ...left];
}

/** Gigabytes through a proxy. */
async function throughput(tls: boolean, say: Say): Promise<readonly string[]> {
  const { name, ratio, growth } = await netProxy({ tls, rounds: 3 });
  say(`${name}: ${ratio.toFixed(2)}x a bare pipe, memory grew by ${growth.toFixed(1)} MB`);
  return growth > MOST_GROWTH ? [`memory grew by more than ${MOST_GROWTH} MB`] : [];
}
