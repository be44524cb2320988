import { NEVER, type Observable, of, Subscriber } from 'rxjs';
import type { Cluster } from '../../../../src/kafka/cluster.ts';
import { Fetchers } from '../../../../src/kafka/reading/fetchers.ts';
import { Reader } from '../../../../src/kafka/reading/reader.ts';
import type { Api } from '../../../../src/kafka/requests/api.ts';
import type { FetchAnswer, FetchedPartition, FetchRequest } from '../../../../src/kafka/requests/fetch.ts';
import { batch } from '../../cache/batches.ts';
import { Clock } from '../clock.ts';

type Told = Pick<FetchedPartition, 'highWatermark' | 'records'>;

/** Two records from an offset on, as a broker keeps them. */
const two = (offset: bigint): Uint8Array =>
  batch(offset, [
    ['k', `${offset}`],
    ['k', `${offset + 1n}`],
  ]).bytes;

/** A live reader of t/0 from its start, whose leader answers each fetch in turn, and then none. */
function reading(...answers: Told[]) {
  const clock = new Clock();
  const asked: bigint[] = [];
  const cluster = {
    request(_broker: number, { name }: Api<never>, body: unknown): Observable<FetchAnswer> {
      if (name !== 'Fetch') throw new Error(`asked for ${name}`);
      const { offset } = (body as FetchRequest).topics[0]!.partitions[0]!;
      asked.push(offset);
      const told = answers.shift();
      if (told === undefined) return NEVER;
      const partition: FetchedPartition = {
        ...told,
        partition: 0,
        error: 0,
        lastStableOffset: told.highWatermark,
        logStartOffset: 0n,
        diverging: undefined,
        leader: undefined,
        aborted: [],
        preferredReplica: -1,
      };
      return of({ throttleMs: 0, error: 0, topics: [{ topic: 'id', partitions: [partition] }] });
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
  const values: string[] = [];
  const reader = new Reader(
    {
      cluster,
      fetchers: new Fetchers(cluster, { scheduler: clock }, (thrown) => life.error(thrown)),
      topic: 't',
      isolation: 'read_committed',
      isWhole: false,
      isBounded: false,
      ahead: 1 << 20,
      maxInflated: 1 << 20,
      backoff: {},
      scheduler: clock,
      life,
      hasCredit: () => true,
      changed: () => reader.wake(),
      onRetry: (thrown) => life.error(thrown),
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
  /** Takes all that it has. */
  const take = (): void => {
    for (reader.delivery.open(); !reader.delivery.empty; reader.delivery.open()) {
      const frame = reader.delivery.poll(1_000);
      if (frame === undefined) continue;
      if (frame.kind !== 'data' || !('at' in frame.payload)) continue;
      for (let n = 0; n < frame.payload.length; n += 1) values.push(Buffer.from(frame.payload.at(n).value!).toString());
    }
  };
  /** The leader of another epoch answers those. */
  const lead = (...next: Told[]): void => {
    answers.push(...next);
    follow(1);
  };
  return { asked, values, take, lead, fault: () => fault };
}

describe('a reader of a partition that is written to', () => {
  it('takes what was replicated after its broker looked at the high watermark', () => {
    const records = Buffer.concat([two(0n), two(2n), two(4n)]);
    const live = reading({ highWatermark: 2n, records });
    live.take();
    expect([live.values, live.fault()]).toEqual([['0', '1', '2', '3', '4', '5'], undefined]);
    expect(live.asked).toEqual([0n, 6n]);
  });

  it('takes a batch of which the high watermark is in the middle', () => {
    const live = reading({ highWatermark: 1n, records: two(0n) }, { highWatermark: 3n, records: two(2n) });
    live.take();
    expect([live.values, live.fault()]).toEqual([['0', '1', '2', '3'], undefined]);
    expect(live.asked).toEqual([0n, 2n, 4n]);
  });

  it('refuses what is beyond the high watermark and does not follow on what it has', () => {
    const live = reading({ highWatermark: 2n, records: Buffer.concat([two(0n), two(3n)]) });
    expect(live.take).toThrow('t/0, batch at offset 3: stands beyond the high watermark, 2');
    expect(live.values).toEqual(['0', '1']);
    expect(live.asked).toEqual([0n]);
  });

  it('fails, and does not wait, if the end that it was told first is beyond where its leader says that the log ends', () => {
    const live = reading({ highWatermark: 143n, records: two(0n) }, { highWatermark: 4n, records: two(2n) });
    expect(live.take).toThrow('t/0 ended at 143, and ends at 4 under the same leader');
    expect(live.values).toEqual(['0', '1', '2', '3']);
  });

  it('waits for a leader that is new, and does not know yet how far all of it is replicated', () => {
    const live = reading({ highWatermark: 6n, records: two(0n) });
    live.lead({ highWatermark: 4n, records: two(2n) }, { highWatermark: 6n, records: two(4n) });
    live.take();
    expect([live.values, live.fault()]).toEqual([['0', '1', '2', '3', '4', '5'], undefined]);
    expect(live.asked).toEqual([0n, 2n, 2n, 4n, 6n]);
  });
});
