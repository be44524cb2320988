import { benchConsume } from './consume.ts';
import { benchFanout } from './fanout.ts';
import { benchFrames } from './frames.ts';
import { print } from './measure.ts';
import { netProxy } from './net-proxy.ts';
import { sseFanout, told } from './sse.ts';

await benchFrames();
await benchFanout();

print('reading a topic of a real broker to its end, 1,000,000 records of about 100 B', await benchConsume(), 'record');

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
