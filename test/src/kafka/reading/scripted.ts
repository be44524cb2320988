import { NEVER, type Observable, of, Subscriber } from 'rxjs';
import type { Cluster } from '../../../../src/kafka/cluster.ts';
import { NONE } from '../../../../src/kafka/kafka-errors.ts';
import { Fetchers } from '../../../../src/kafka/reading/fetchers.ts';
import { Reader } from '../../../../src/kafka/reading/reader.ts';
import type { Api } from '../../../../src/kafka/requests/api.ts';
import type { FetchedPartition, FetchRequest } from '../../../../src/kafka/requests/fetch.ts';
import { EARLIEST, type ListOffsetsRequest } from '../../../../src/kafka/requests/list-offsets.ts';
import type { KafkaMark, KafkaRecord } from '../../../../src/protocol/kafka.ts';
import type { RecordBatch } from '../../../../src/protocol/kafka-batch.ts';
import { LEADER_EPOCH } from '../../../../src/records/header.ts';
import type { Run } from '../../../../src/run.ts';
import { batch } from '../../cache/batches.ts';
import { Clock } from '../clock.ts';

/** What a leader answers a fetch, but for what is the same each time. */
export type Told = Pick<FetchedPartition, 'highWatermark'> & Partial<FetchedPartition>;

/** Kafka's codes. */
export const OFFSET_OUT_OF_RANGE = 1;
export const OFFSET_NOT_AVAILABLE = 78;

/** Two records from an offset on, as a broker keeps them. */
export function two(offset: bigint, leaderEpoch = 0): Uint8Array {
  const values = [`${offset}`, `${offset + 1n}`];
  const bytes = Buffer.from(
    batch(
      offset,
      values.map((value) => ['k', value] as const),
    ).bytes,
  );
  bytes.writeInt32BE(leaderEpoch, LEADER_EPOCH);
  return bytes;
}

interface ScriptedOptions {
  readonly isBounded?: boolean;
  readonly isWhole?: boolean;
  /** Where the leader of now says that the epochs before it end. */
  readonly epochEnd?: bigint;
  readonly logStart?: bigint;
  /** Kafka's code, and where the leader of now says that the log ends; by default where its last answer to a fetch does. */
  readonly latest?: () => readonly [number, bigint];
}

/** A reader of t/0 from its start, whose leader answers each fetch in turn, and then none. */
export function scripted(
  answers: Told[],
  { isBounded = false, isWhole = false, epochEnd = -1n, logStart = 0n, ...options }: ScriptedOptions = {},
) {
  let given: Told | undefined;
  // Who asks for the end asks for the records again.
  const again = (): readonly [number, bigint] => {
    answers.unshift(given!);
    return [NONE, given!.highWatermark];
  };
  const { latest = again } = options;
  const clock = new Clock();
  const asked: bigint[] = [];
  const retried: string[] = [];
  const epochs: number[] = [];
  const fetched = (told: Told): FetchedPartition => ({
    ...{ partition: 0, error: NONE, lastStableOffset: told.highWatermark, logStartOffset: 0n, diverging: undefined },
    ...{ leader: undefined, aborted: [], preferredReplica: -1, records: new Uint8Array() },
    ...told,
  });
  const cluster = {
    request(_broker: number, { name }: Api<never>, body: unknown): Observable<unknown> {
      if (name === 'OffsetForLeaderEpoch') {
        const { epoch } = (body as { topics: { partitions: { epoch: number }[] }[] }).topics[0]!.partitions[0]!;
        epochs.push(epoch);
        return of({
          topics: [{ topic: 't', partitions: [{ partition: 0, error: NONE, epoch, endOffset: epochEnd }] }],
        });
      }
      if (name === 'ListOffsets') {
        const { timestamp } = (body as ListOffsetsRequest).topics[0]!.partitions[0]!;
        const [error, offset] = timestamp === EARLIEST ? [NONE, logStart] : latest();
        return of({ topics: [{ topic: 't', partitions: [{ partition: 0, error, offset }] }] });
      }
      if (name !== 'Fetch') throw new Error(`asked for ${name}`);
      const { offset } = (body as FetchRequest).topics[0]!.partitions[0]!;
      asked.push(offset);
      const told = answers.shift();
      given = told;
      if (told === undefined) return NEVER;
      return of({ throttleMs: 0, error: NONE, topics: [{ topic: 'id', partitions: [fetched(told)] }] });
    },
  } as unknown as Cluster;
  let fault: unknown;
  const life = new Subscriber<never>({
    next() {},
    error: (thrown: unknown) => {
      fault = thrown;
    },
    complete() {},
  });
  const reader = new Reader(
    {
      cluster,
      fetchers: new Fetchers(cluster, { scheduler: clock }, (thrown) => life.error(thrown)),
      ...{ topic: 't', isolation: 'read_committed', isWhole, isBounded, ahead: 1 << 20, maxInflated: 1 << 20 },
      ...{ backoff: {}, scheduler: clock, life },
      hasCredit: () => true,
      changed: () => reader.wake(),
      onRetry: ({ code, kafka }) => retried.push(kafka?.name ?? code),
    },
    0,
    { from: { offset: 0n } },
    undefined,
  );
  const follow = (leaderEpoch: number): void => {
    reader.follow({ name: 't', id: 'id', partitions: [{ partition: 0, leader: 1, leaderEpoch }] });
    clock.advance(1_000);
  };
  follow(0);
  /** The values of records, or the offsets of whole batches, and what is marked among them but progress. */
  const sent: string[] = [];
  /** Takes all that it has. */
  const take = (): void => {
    for (reader.delivery.open(); !reader.delivery.empty; reader.delivery.open()) {
      const frame = reader.delivery.poll(1_000);
      if (frame?.kind === 'data') sent.push(...valuesOf(frame.payload));
      else if (frame !== undefined && frame.ext.mark !== 'progress') sent.push(said(frame.ext));
    }
  };
  /** The leader of another epoch answers those. */
  const lead = (...next: Told[]): void => {
    answers.push(...next);
    follow(1);
  };
  const values = (): string[] => sent.filter((one) => /^\d/.test(one));
  return { asked, epochs, retried, sent, values, take, lead, fault: () => fault };
}

function valuesOf(payload: Run<KafkaRecord> | RecordBatch): string[] {
  if (!('at' in payload)) return [`batch ${payload.baseOffset}`];
  return Array.from({ length: payload.length }, (_, n) => Buffer.from(payload.at(n).value as Uint8Array).toString());
}

const said = (mark: KafkaMark): string =>
  mark.mark === 'gap'
    ? `${mark.reason} ${mark.from} to ${mark.to}`
    : mark.mark === 'watermark'
      ? `watermark ${mark.highWatermark}`
      : mark.mark;
