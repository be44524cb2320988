import { Cluster, type ClusterOptions } from '../../../../src/kafka/cluster.ts';
import { apiVersions } from '../../../../src/kafka/requests/api-versions.ts';
import { initProducerId } from '../../../../src/kafka/requests/init-producer-id.ts';
import { metadata } from '../../../../src/kafka/requests/metadata.ts';
import { produce } from '../../../../src/kafka/requests/produce.ts';
import { Reader } from '../../../../src/kafka/requests/reader.ts';
import { Writer } from '../../../../src/kafka/requests/writer.ts';
import { Clock } from '../clock.ts';
import { type Asked, FakeBroker, KAFKA_3_1, versionsBody } from '../fake-broker.ts';
import { FakeLog, type ReadBatch, readBatch } from './fake-log.ts';

interface Written {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
  readonly batch: ReadBatch;
}

/** A produce request as it came to a broker. */
export interface Arrived {
  readonly broker: number;
  readonly acks: number;
  readonly parts: readonly Written[];
  readonly asked: Asked;
}

/** What a broker makes of a batch, by its own rules unless it is told otherwise. */
export interface Refusal {
  readonly error: number;
  readonly recordErrors?: readonly { readonly index: number; readonly message: string | null }[];
  readonly message?: string;
}

const [NOT_LEADER, UNKNOWN_TOPIC, TOO_LARGE] = [6, 3, 10];

/** A cluster in memory, under virtual time, which writes to logs as Kafka does. */
export class FakeCluster {
  readonly clock = new Clock();
  /** Which broker leads each partition of each topic. */
  readonly topics = new Map<string, number[]>();
  readonly logs = new Map<string, FakeLog>();
  /** All produce requests, as they came. */
  readonly arrived: Arrived[] = [];
  /** Those that wait for `answer`, while `isHolding`. */
  readonly held: Arrived[] = [];
  isHolding = false;
  maxMessageBytes = 1 << 20;
  /** Brokers to which no connection comes to stand. */
  readonly silent = new Set<number>();
  /** What InitProducerId fails with. */
  idError = 0;
  ids = 0;
  metadataRequests = 0;
  /** Refuses a batch before it is written. */
  refuse: (part: Written, arrived: Arrived) => Refusal | number | undefined = () => undefined;
  readonly broker: FakeBroker;
  readonly cluster: Cluster;

  constructor(topics: Record<string, number[]>, options: ClusterOptions = {}) {
    for (const [topic, leaders] of Object.entries(topics)) this.topics.set(topic, leaders);
    this.broker = new FakeBroker((asked) => this.#asked(asked), null);
    const settings = { scheduler: this.clock, random: () => 0.5, ...options };
    this.cluster = new Cluster(this.broker.exit, [{ address: 'broker', port: 1 }], settings);
  }

  values(topic: string, partition: number): string[] {
    return this.log(topic, partition).values;
  }

  log(topic: string, partition: number): FakeLog {
    const key = `${topic}/${partition}`;
    const log = this.logs.get(key) ?? new FakeLog();
    this.logs.set(key, log);
    return log;
  }

  /** Writes and answers the oldest held requests. */
  answer(count = 1): void {
    for (const arrived of this.held.splice(0, count)) this.#respond(arrived, this.#append(arrived));
  }

  /** Writes the oldest held requests, or not, and cuts every connection, so that nobody is told. */
  cut(written: number): void {
    for (const arrived of this.held.splice(0, this.held.length).slice(0, written)) this.#append(arrived);
    for (const stream of this.broker.streams) stream.abort({ code: 'NET_RESET', message: 'NET_RESET: cut' });
  }

  #asked(asked: Asked): void {
    switch (asked.key) {
      case apiVersions.key:
        if (!this.silent.has(portOf(asked))) asked.stream.answer(asked, versionsBody(KAFKA_3_1, asked.version));
        return;
      case metadata.key:
        return this.#metadata(asked);
      case initProducerId.key:
        return this.#initProducerId(asked);
      case produce.key: {
        const arrived = this.#arrive(asked);
        this.arrived.push(arrived);
        if (this.isHolding) this.held.push(arrived);
        else this.#respond(arrived, this.#append(arrived));
        return;
      }
      default:
        throw new Error(`a fake cluster was asked ${asked.key}`);
    }
  }

  #arrive(asked: Asked): Arrived {
    const from = new Reader(bodyOf(asked), true);
    from.nullableString();
    const acks = from.int16();
    from.int32();
    const parts = from.structs(() => {
      const topic = from.string();
      return from.structs(() => {
        const partition = from.int32();
        const bytes = Buffer.from(from.bytes());
        return { topic, partition, bytes, batch: readBatch(bytes) };
      });
    });
    return { broker: portOf(asked), acks, parts: parts.flat(), asked };
  }

  #append(arrived: Arrived): Refusal[] {
    return arrived.parts.map((part) => {
      const { topic, partition, bytes, batch } = part;
      const leader = this.topics.get(topic)?.[partition];
      if (leader === undefined) return { error: UNKNOWN_TOPIC };
      if (leader !== arrived.broker) return { error: NOT_LEADER };
      if (bytes.length > this.maxMessageBytes) return { error: TOO_LARGE };
      const refusal = this.refuse(part, arrived);
      if (refusal !== undefined) return typeof refusal === 'number' ? { error: refusal } : refusal;
      return this.log(topic, partition).append(batch);
    });
  }

  #respond({ asked, acks, parts }: Arrived, results: (Refusal & { offset?: bigint })[]): void {
    if (acks === 0) return;
    const to = new Writer(true);
    to.tags();
    to.structs([...parts.keys()], (at) => {
      const { topic, partition } = parts[at]!;
      const { error, offset = -1n, recordErrors = [], message = null } = results[at]!;
      to.string(topic);
      to.structs([partition], () => {
        to.int32(partition);
        to.int16(error);
        to.int64(offset);
        to.int64(-1n);
        to.int64(0n);
        to.structs(recordErrors, (one) => {
          to.int32(one.index);
          to.string(one.message);
        });
        to.string(message);
      });
    });
    to.int32(0);
    to.tags();
    asked.stream.answer(asked, Buffer.concat(to.finish()));
  }

  #metadata(asked: Asked): void {
    this.metadataRequests += 1;
    const from = new Reader(bodyOf(asked), true);
    const names = from.structs(() => {
      from.uuid();
      return from.string();
    });
    const to = new Writer(true);
    to.tags();
    to.int32(0);
    to.structs([1, 2, 3], (id) => {
      to.int32(id);
      to.string('broker');
      to.int32(id);
      to.string(null);
    });
    to.string('id');
    to.int32(1);
    to.structs(names, (name) => {
      const leaders = this.topics.get(name);
      to.int16(leaders === undefined ? UNKNOWN_TOPIC : 0);
      to.string(name);
      to.uuid('');
      to.bool(false);
      to.structs([...(leaders ?? []).entries()], ([partition, leader]) => {
        to.int16(0);
        to.int32(partition);
        to.int32(leader);
        to.int32(-1);
        for (let list = 0; list < 3; list += 1) to.array([], () => {});
      });
      to.int32(0);
    });
    to.tags();
    asked.stream.answer(asked, Buffer.concat(to.finish()));
  }

  #initProducerId(asked: Asked): void {
    const to = new Writer(true);
    to.tags();
    to.int32(0);
    to.int16(this.idError);
    to.int64(this.idError === 0 ? BigInt(1_000 + this.ids) : -1n);
    to.int16(this.idError === 0 ? 0 : -1);
    to.tags();
    if (this.idError === 0) this.ids += 1;
    asked.stream.answer(asked, Buffer.concat(to.finish()));
  }
}

/** A request without its header. */
function bodyOf({ bytes }: Asked): Buffer {
  const clientId = bytes.readInt16BE(8);
  return bytes.subarray(10 + Math.max(0, clientId) + 1);
}

const portOf = ({ stream }: Asked): number => {
  const { remote } = stream.begin as { remote?: { port?: number } };
  return remote?.port ?? -1;
};
