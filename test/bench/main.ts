import { benchConsume } from './consume.ts';
import { benchFrames } from './frames.ts';
import { print } from './measure.ts';
import { netProxy } from './net-proxy.ts';

await benchFrames();

print('reading a topic of a real broker to its end, 1,000,000 records of about 100 B', await benchConsume(), 'record');

console.log('\na proxy, against a bare pipe');
for (const options of [{}, { tls: true }, { bytes: 3e8, tls: true, connections: 50 }]) {
  const { name, ratio, growth } = await netProxy(options);
  console.log(`  ${name.padEnd(62)} ${ratio.toFixed(2)}x, memory ${growth.toFixed(1)} MB`);
}
