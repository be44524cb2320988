import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheClient } from '../../operators/kafka/cache-client.ts';
import { cacheServer } from '../../operators/kafka/cache-server.ts';
import { client, type KafkaClientOptions } from '../../operators/kafka/client.ts';
import { tcpClient } from '../../operators/tcp/client.ts';
import { emitter } from '../../src/emitter.ts';
import { end } from '../../src/frame.ts';
import { lawful } from '../../src/lawful.ts';
import type { Kafka, KafkaAnswer, KafkaFault } from '../../src/protocol/kafka.ts';
import { fragment } from '../../src/protocol/kafka-fragment.ts';
import type { Binding } from '../../src/protocol.ts';
import { type Cluster, startCluster } from '../broker/cluster.ts';
import { openJudge } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeOwnKafka } from '../broker/use-kafka.ts';
import { serversOf } from './judged.ts';

const PARTITIONS = 2;
const PRODUCERS = 20;
const CHUNK = 16 * 1024;
const WINDOW = 64 * 1024;
/** More than the unfinished records of all producers, so that none of them is refused. */
const DISK = 4 * 1024 * 1024;

/** Sends records of so many bytes, in fragments, as long as there is credit, until it is told to stop. */
class Steady {
  readonly answers: KafkaAnswer[] = [];
  readonly over: Promise<KafkaFault | undefined>;
  isHeld = false;
  begun = 0;
  bytes = 0;
  readonly #sizes: readonly number[];
  #left = 0;
  #isStopping = false;
  #wake: () => void = () => {};

  /** @param sizes of its records, over and over; each is a multiple of a fragment */
  constructor(binding: Binding<Kafka>, topic: string, name: string, sizes: readonly number[]) {
    this.#sizes = sizes;
    const initial = emitter<Kafka['initial']>({ api: 'merged', capabilities: 'produce', topic }, (wake) => {
      this.#wake = wake;
      return { pull: (balance) => this.#pull(balance, name) };
    });
    this.over = new Promise((resolve, reject) =>
      initial.pipe(lawful('in'), binding, lawful('out')).subscribe({
        next: (frame) => {
          if (frame.kind === 'flush' && 'answer' in frame.ext) this.answers.push(frame.ext);
          if (frame.kind === 'end') resolve(undefined);
          if (frame.kind === 'abort') resolve(frame.ext);
        },
        error: reject,
      }),
    );
  }

  /** Begins no other record. */
  stop(): void {
    this.#isStopping = true;
    this.#wake();
  }

  get refusals(): readonly string[] {
    return this.answers.flatMap((one) => (one.answer === 'refused' ? [one.fault.code] : []));
  }

  #pull(balance: number, name: string) {
    if (this.#left === 0 && this.#isStopping) return end();
    this.isHeld = balance <= 0;
    if (this.isHeld) return undefined;
    const isFirst = this.#left === 0;
    if (isFirst) {
      this.#left = this.#sizes[this.begun % this.#sizes.length] as number;
      this.begun += 1;
    }
    const key = Buffer.from(`${name}/${this.begun - 1}`);
    const fits = Math.max(0, balance - (isFirst ? key.length : 0));
    const body = Buffer.alloc(Math.min(fits, CHUNK, this.#left), this.begun);
    this.#left -= body.length;
    this.bytes += body.length;
    const opens = { key, headers: [], partition: this.begun % PARTITIONS };
    return fragment(body, this.#left === 0, isFirst ? opens : undefined);
  }
}

describeOwnKafka('a cache pair whose broker is away', () => {
  let cluster: Cluster;
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-outage-'));
    cluster = await startCluster();
  }, 660_000);
  afterAll(async () => {
    await cluster?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const judging = async <T>(use: (judge: Awaited<ReturnType<typeof openJudge>>) => Promise<T>): Promise<T> => {
    const judge = await openJudge(cluster);
    try {
      return await use(judge);
    } finally {
      await judge.close();
    }
  };
  const open = (name: string, options: Partial<KafkaClientOptions>): Binding<Kafka> => {
    const broker = client(tcpClient(), { servers: serversOf(cluster), maxBackoff: 500, ...options });
    const server = cacheServer(broker, { dir: join(dir, name, 'server') });
    return cacheClient(server, { dir: join(dir, name, 'client'), stage: { window: WINDOW, disk: DISK } });
  };
  const onDisk = (name: string): number =>
    readdirSync(join(dir, name, 'client')).reduce((sum, one) => sum + sizeOf(join(dir, name, 'client', one)), 0);
  /** Every fifth sends large values in between. */
  const start = (binding: Binding<Kafka>, topic: string): Steady[] =>
    Array.from({ length: PRODUCERS }, (_, producer) => {
      const sizes = producer % 5 === 0 ? [4 * CHUNK, 600 * 1024, CHUNK] : [CHUNK];
      return new Steady(binding, topic, `${producer}`, sizes);
    });

  it('should hold producers by credit, within its budgets, and deliver all when it is back', async () => {
    await judging((judge) => judge.createTopic('short', { partitions: PARTITIONS }));
    const steady = start(open('short', {}), 'short');
    await until(async () => expect(steady.every(({ answers }) => answers.length > 1)).toBe(true));
    await cluster.brokers[0]!.stop();
    const answered = (): number => steady.reduce((sum, { answers }) => sum + answers.length, 0);
    const sent = (): number => steady.reduce((sum, { bytes }) => sum + bytes, 0);
    let before = { sent: -1, answered: -1 };
    await until(async () => {
      const now = { sent: sent(), answered: answered() };
      const isStill = now.sent === before.sent && now.answered === before.answered;
      before = now;
      expect(onDisk('short')).toBeLessThanOrEqual(PARTITIONS * DISK);
      expect([isStill, steady.every(({ isHeld }) => isHeld)]).toEqual([true, true]);
    });
    expect(onDisk('short')).toBeGreaterThan(0);
    expect(steady.flatMap(({ refusals }) => refusals)).toEqual([]);
    await cluster.brokers[0]!.start();
    for (const one of steady) one.stop();
    expect(await Promise.all(steady.map(({ over }) => over))).toEqual(steady.map(() => undefined));
    expect(steady.flatMap(({ refusals }) => refusals)).toEqual([]);
    const keys = await judging(async (judge) => (await judge.read('short')).map(({ key }) => `${key}`));
    const all = steady.flatMap(({ begun }, producer) => Array.from({ length: begun }, (_, n) => `${producer}/${n}`));
    expect(keys.sort()).toEqual(all.sort());
    expect(answered()).toBe(all.length);
    await until(async () => expect(onDisk('short')).toBe(0));
  });

  it('should tell each record its error when it is away for too long, and go on when it is back', async () => {
    await judging((judge) => judge.createTopic('long', { partitions: PARTITIONS }));
    const binding = open('long', { deliveryTimeout: 3_000, requestTimeout: 1_000 });
    const steady = start(binding, 'long');
    await until(async () => expect(steady.every(({ answers }) => answers.length > 1)).toBe(true));
    await cluster.brokers[0]!.stop();
    for (const one of steady) one.stop();
    expect(await Promise.all(steady.map(({ over }) => over))).toEqual(steady.map(() => undefined));
    for (const { answers, begun } of steady) expect(answers).toHaveLength(begun);
    const codes = new Set(steady.flatMap(({ refusals }) => refusals));
    expect([...codes]).toEqual(['KAFKA_DELIVERY_TIMEOUT']);
    await until(async () => expect(onDisk('long')).toBe(0));
    await cluster.brokers[0]!.start();
    const later = new Steady(binding, 'long', 'later', [CHUNK]);
    await until(async () => expect(later.answers.length).toBeGreaterThan(1));
    later.stop();
    expect(await later.over).toBeUndefined();
    expect(later.refusals).toEqual([]);
  });
});

/** Of a file; one that is gone by now has none. */
const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
