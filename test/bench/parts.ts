import { benchCacheOpen, type CacheOpened } from './cache-open.ts';
import { benchHeld, benchJoining } from './cache-readers.ts';
import { cachedFanout } from './cached-fanout.ts';
import { benchConsume } from './consume.ts';
import { benchFanout } from './fanout.ts';
import { benchFrames } from './frames.ts';
import { idleConsumers } from './idle-consumers.ts';
import { benchCodec } from './kafka-codec.ts';
import { largeValue } from './large-value.ts';
import { print } from './measure.ts';
import { netProxy } from './net-proxy.ts';
import { benchProduce } from './produce.ts';
import { sseFanout, told } from './sse.ts';
import { sseKeys, toldKeys } from './sse-keys.ts';
import { benchStage } from './stage.ts';

/** Every part, by its name; each prints what it finds. */
export const parts: Readonly<Record<string, () => Promise<void>>> = {
  frames: benchFrames,
  fanout: benchFanout,
  codec: benchCodec,
  'cache-fanout': cacheFanout,
  'cache-opening': cacheOpening,
  'cache-readers': cacheReaders,
  'cache-idle': cacheIdle,
  reading,
  writing,
  proxy,
  events,
  'events-by-key': eventsByKey,
  producers,
  'large-value': value,
};

async function cacheFanout(): Promise<void> {
  for (const [look, length, consumers] of [
    ['partition', 100, 1],
    ['partition', 100, 100],
    ['partition', 100, 1_000],
    ['partition', 1_000, 1],
    ['partition', 1_000, 100],
    ['partition', 1_000, 1_000],
    ['key', 1_000, 1_000],
  ] as const) {
    const title = `a cached topic in batches of ${length} to ${consumers}, the ${look} of each looked at, processor time`;
    print(title, await cachedFanout({ look, length, consumers }), 'record');
  }
}

async function cacheOpening(): Promise<void> {
  const { closed, killed } = await benchCacheOpen();
  console.log('\nopening a cache of 1 GB and a million keys of 4 topics, in a new process');
  const show = (name: string, { store, topics, processor, bytesPerKey }: CacheOpened): void => {
    const ready = topics.map((at) => at.toFixed(0)).join(', ');
    const used = `${processor.toFixed(0)} ms of processor time, ${bytesPerKey.toFixed(1)} bytes a key`;
    console.log(`  ${name.padEnd(30)} store ${store.toFixed(0)} ms, keys of each topic ${ready} ms; ${used}`);
  };
  show('one that was closed', closed);
  show('one that was killed', killed);
}

async function cacheReaders(): Promise<void> {
  const { p50, p95, processor, delay } = await benchJoining(2_048);
  console.log('\n2,048 readers that join a compacted topic of 10,000 keys in 6 partitions at once');
  const used = `${processor.toFixed(0)} ms of processor time, loop delay p99 ${delay.toFixed(1)} ms`;
  console.log(`  caught up: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms; ${used}`);
  for (const partitions of [1, 6]) {
    const held = (await benchHeld(partitions)) / 1_024;
    console.log(`  one that waits holds, of ${partitions} partitions: ${held.toFixed(1)} KB`);
  }
}

async function cacheIdle(): Promise<void> {
  const { each, speed } = await idleConsumers({ idle: 5_000, records: 200_000 });
  console.log('\n5,000 readers that do not take, of a compacted topic in 6 partitions that is written');
  console.log(
    `  ${(each / 1_024).toFixed(1)} KB each; one beside them that does: ${speed.toFixed(2)}x its speed alone`,
  );
}

async function reading(): Promise<void> {
  const { elapsed, processor } = await benchConsume();
  const title = 'a topic of a real broker to its end, 1,000,000 records of about 100 B';
  print(`${title}, time`, elapsed, 'record');
  print(`${title}, processor time of this process`, processor, 'record');
}

async function writing(): Promise<void> {
  for (const [name, size, records] of [
    ['300,000 records of 100 B', 100, 300_000],
    ['60,000 records of 1 KB', 1_024, 60_000],
  ] as const) {
    print(`writing ${name} to a real broker, acknowledged by all`, await benchProduce({ size, records }), 'record');
  }
}

async function proxy(): Promise<void> {
  console.log('\na proxy, against a bare pipe');
  for (const options of [{}, { tls: true }, { bytes: 3e8, tls: true, connections: 50 }]) {
    const { name, ratio, growth } = await netProxy(options);
    console.log(`  ${name.padEnd(62)} ${ratio.toFixed(2)}x, memory ${growth.toFixed(1)} MB`);
  }
}

async function events(): Promise<void> {
  console.log('\nevents of about 120 B to clients that listen, against a bare node:http server');
  for (const [clients, batch] of [
    [100, 10],
    [1_000, 10],
    [5_000, 10],
    [1_000, 1],
    [1_000, 100],
  ] as const) {
    console.log(`  ${told(await sseFanout(clients, batch))}`);
  }
}

async function eventsByKey(): Promise<void> {
  console.log('\nevents out of a cache to 4,000 clients that each filter by a key, against a bare node:http server');
  const show = async (keys: number, partitions: number, each: number): Promise<void> => {
    const options = { clients: 4_000, keys, partitions, each };
    console.log(`  ${toldKeys(options, await sseKeys(options))}`);
  };
  // As in the public load test of the server that is said to deliver 1.6 million a second.
  await show(40, 1, 200);
  for (const keys of [40, 4_000]) for (const each of [1, 25, 100]) await show(keys, 6, each);
}

async function producers(): Promise<void> {
  console.log('\nproducers of 1 KB that wait for each answer, beside callers of one kafkajs producer');
  for (const { producers, name, rate, p50, p99 } of await benchStage([1, 10, 200], 10_000)) {
    const figures = `${rate.toFixed(0).padStart(7)} records/s  p50 ${p50.toFixed(2)} ms  p99 ${p99.toFixed(2)} ms`;
    console.log(`  ${`${producers}, ${name}`.padEnd(48)} ${figures}`);
  }
}

async function value(): Promise<void> {
  const { growth, seconds } = await largeValue();
  console.log(`\na value of 100 MB and unknown length: memory ${growth.toFixed(1)} MB, ${seconds.toFixed(1)} s`);
}
