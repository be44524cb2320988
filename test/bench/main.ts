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
import { sseKeys } from './sse-keys.ts';
import { benchStage } from './stage.ts';

await benchFrames();
await benchFanout();
await benchCodec();

print('reading a topic of a real broker to its end, 1,000,000 records of about 100 B', await benchConsume(), 'record');
for (const [name, size, records] of [
  ['300,000 records of 100 B', 100, 300_000],
  ['60,000 records of 1 KB', 1_024, 60_000],
] as const) {
  print(`writing ${name} to a real broker, acknowledged by all`, await benchProduce({ size, records }), 'record');
}

console.log('\na proxy, against a bare pipe');
for (const options of [{}, { tls: true }, { bytes: 3e8, tls: true, connections: 50 }]) {
  const { name, ratio, growth } = await netProxy(options);
  console.log(`  ${name.padEnd(62)} ${ratio.toFixed(2)}x, memory ${growth.toFixed(1)} MB`);
}

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
console.log('\nevents of about 120 B out of a cache, to 4,000 clients each with a key of its own');
for (const each of [1, 25, 100]) {
  const { rate, cpu } = await sseKeys(4_000, each);
  console.log(
    `  ${`${each} records of each key at a time`.padEnd(34)} ${Math.round(rate)} events/s, CPU ${cpu.toFixed(2)} us each`,
  );
}
const beside = await idleConsumers({ idle: 5_000, records: 200_000 });
console.log('\nconsumers of a compacted topic of 6 partitions that do not read, 5,000 of them, while it is written');
console.log(
  `  ${(beside.each / 1024).toFixed(1)} KB each; one that reads beside them: ${beside.speed.toFixed(2)}x its speed alone`,
);

console.log('\nproducers of 1 KB that wait for each answer, beside callers of one kafkajs producer');
for (const { producers, name, rate, p50, p99 } of await benchStage([1, 10, 200], 10_000)) {
  const figures = `${rate.toFixed(0).padStart(7)} records/s  p50 ${p50.toFixed(2)} ms  p99 ${p99.toFixed(2)} ms`;
  console.log(`  ${`${producers}, ${name}`.padEnd(48)} ${figures}`);
}

const { growth, seconds } = await largeValue();
console.log(`\na value of 100 MB and unknown length: memory ${growth.toFixed(1)} MB, ${seconds.toFixed(1)} s`);
