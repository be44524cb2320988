import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheClient } from '../../operators/kafka/cache-client.ts';
import { cacheServer } from '../../operators/kafka/cache-server.ts';
import { client } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import { emitter } from '../../src/emitter.ts';
import { end } from '../../src/frame.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import { fragment } from '../../src/protocol/kafka-fragment.ts';
import type { Binding } from '../../src/protocol.ts';
import { startCluster } from '../broker/cluster.ts';
import { openJudge } from '../broker/judge.ts';

const SIZE = 100_000_000;
const MOST = 104_000_000;
const CHUNK = Buffer.alloc(64 * 1024, 'x');

/**
 * By how many MB resident memory grows at the most while a value of 100 MB and unknown length passes a cache pair, behind one
 * such.
 */
export async function largeValue(): Promise<{ readonly growth: number; readonly seconds: number }> {
  const cluster = await startCluster({ heap: '1g' });
  const directory = mkdtempSync(join(tmpdir(), 'stage-'));
  try {
    const judge = await openJudge(cluster);
    await judge.createTopic('large', { config: { 'max.message.bytes': `${MOST}` } });
    await judge.close();
    const [address = '', port] = (cluster.bootstrap.PLAINTEXT[0] ?? '').split(':');
    const servers = [{ address, port: Number(port) }];
    const server = cacheServer(client(tcpClient(), { servers }), { dir: join(directory, 'server') });
    const binding = cacheClient(server, { dir: join(directory, 'client') });
    await produceOne(binding);
    const before = process.memoryUsage().rss;
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 5);
    const began = process.hrtime.bigint();
    await produceOne(binding);
    clearInterval(watch);
    return { growth: (most - before) / 1e6, seconds: Number(process.hrtime.bigint() - began) / 1e9 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
    await cluster.stop();
  }
}

function produceOne(binding: Binding<Kafka>): Promise<void> {
  let left = SIZE;
  const initial = emitter<Kafka['initial']>({ api: 'produce', topic: 'large', partition: 0 }, () => ({
    pull(balance) {
      if (left === 0) return end();
      if (balance <= 0) return undefined;
      const opens = left === SIZE ? { key: null, headers: [] } : undefined;
      const body = CHUNK.subarray(0, Math.min(left, balance, CHUNK.length));
      left -= body.length;
      return fragment(body, left === 0, opens);
    },
  }));
  return new Promise((resolve, reject) => {
    let isWritten = false;
    binding(initial).subscribe({
      next(frame) {
        if (frame.kind === 'abort') reject(frame.ext);
        if (frame.kind !== 'flush' || !('answer' in frame.ext)) return;
        if (frame.ext.answer === 'refused') reject(frame.ext.fault);
        isWritten = true;
      },
      error: reject,
      complete: () => (isWritten ? resolve() : reject(new Error('it was not answered'))),
    });
  });
}
