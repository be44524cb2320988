import { benchFanout } from './fanout.ts';
import { benchFrames } from './frames.ts';
import { netProxy } from './net-proxy.ts';

await benchFrames();
await benchFanout();

console.log('\na proxy, against a bare pipe');
for (const options of [{}, { tls: true }, { bytes: 3e8, tls: true, connections: 50 }]) {
  const { name, ratio, growth } = await netProxy(options);
  console.log(`  ${name.padEnd(62)} ${ratio.toFixed(2)}x, memory ${growth.toFixed(1)} MB`);
}
