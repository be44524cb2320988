import { concat, firstValueFrom, map, Subject } from 'rxjs';
import { clean } from '../../../src/cache/cleaner.ts';
import { dirtOf } from '../../../src/cache/dirt.ts';
import { rowKey } from '../../../src/cache/keys.ts';
import { openLevel } from '../../../src/cache/level.ts';
import type { Partition } from '../../../src/cache/partition.ts';
import type { UpkeptPartition } from '../../../src/cache/upkept-partition.ts';
import type { RecordBatch } from '../../../src/protocol/kafka-batch.ts';
import { LEADER_EPOCH } from '../../../src/records/header.ts';
import { batchesOf } from '../../../src/records/record-batch.ts';
import { eventLoop } from '../../../src/scheduler.ts';
import { until } from '../kafka/clock.ts';
import { batch, marker } from './batches.ts';
import { begin, chunkAt, directories, done, open, readAll, stand } from './open.ts';

const directory = directories();
const producer = { id: 7n, epoch: 0 };

describe('a partition', () => {
  it('should give back what was appended, and after it was opened again', async () => {
    const at = directory();
    const first = await open(at);
    await begin(first.log, 5n, 8n);
    const { begunAt } = first.log;
    expect(begunAt).toBeGreaterThan(0);
    await done(
      first.log.append([
        batch(5n, [
          ['a', '1'],
          ['b', null],
        ]),
        batch(7n, [[null, '3']]),
      ]),
    );
    expect(first.log.offsets).toEqual({
      isBegun: true,
      logStart: 5n,
      lastStableOffset: 8n,
      highWatermark: 8n,
      isLevel: true,
    });
    const records = ['5:a=1', '6:b=null', '7:null=3'];
    expect(await readAll(first.log)).toEqual(records);
    await first.close();

    const second = await open(at);
    expect(second.log.next).toBe(8n);
    expect(second.log.begunAt).toBe(begunAt);
    expect(second.log.offsets).toEqual({
      isBegun: true,
      logStart: 5n,
      lastStableOffset: 8n,
      highWatermark: 8n,
      isLevel: false,
    });
    expect(second.log.peek(5n, 'read_committed')).toBeUndefined();
    expect(await readAll(second.log)).toEqual(records);
    expect(second.events).toEqual([]);
    await second.close();
  });

  it('should show nothing before its source has said where it ends', async () => {
    const { log, close } = await open(directory());
    await done(log.begin(0n));
    await done(log.append([batch(0n, [['a', '1']])]));
    expect(await readAll(log)).toEqual([]);
    await stand(log, 1n);
    expect(await readAll(log)).toEqual(['0:a=1']);
    await close();
  });

  it('should stop at the oldest open transaction, and leave out what was aborted', async () => {
    const at = directory();
    const { log, close } = await open(at);
    await begin(log, 0n, 9n);
    await done(log.append([batch(0n, [['a', '0']]), batch(1n, [['a', '1']], { producer }), batch(2n, [['b', '2']])]));
    expect(log.offsets.lastStableOffset).toBe(1n);
    expect(await readAll(log)).toEqual(['0:a=0']);
    expect(await readAll(log, 'read_uncommitted')).toEqual(['0:a=0', '1:a=1', '2:b=2']);
    await done(log.append([marker(3n, producer, 'abort')]));
    expect(await readAll(log)).toEqual(['0:a=0', '2:b=2']);
    expect(await readAll(log, 'read_uncommitted')).toEqual(['0:a=0', '!1:a=1', '2:b=2']);
    await close();
    const again = await open(at);
    expect(await readAll(again.log)).toEqual(['0:a=0', '2:b=2']);
    expect(await readAll(again.log, 'read_uncommitted')).toEqual(['0:a=0', '!1:a=1', '2:b=2']);
    await again.close();
  });

  it('should remember an open transaction', async () => {
    const at = directory();
    const first = await open(at);
    await begin(first.log, 0n, 9n);
    await done(first.log.append([batch(0n, [['a', '0']]), batch(1n, [['a', '1']], { producer })]));
    await first.close();
    const second = await open(at);
    expect(second.log.offsets.lastStableOffset).toBe(1n);
    await done(second.log.append([marker(2n, producer, 'commit')]));
    expect(await readAll(second.log)).toEqual(['0:a=0', '1:a=1']);
    await second.close();
  });

  it('should join small appends to rows, and read them as few chunks', async () => {
    const at = directory();
    const first = await open(at);
    await begin(first.log, 0n, 300n);
    for (let offset = 0n; offset < 300n; offset += 1n)
      await done(first.log.append([batch(offset, [['k', `${offset}`]])]));
    expect(first.log.rows.length).toBeLessThan(12);
    await first.close();
    const { log, close } = await open(at);
    expect((await chunkAt(log, 0n))!.run!.length).toBeGreaterThan(100);
    expect(await readAll(log)).toEqual(Array.from({ length: 300 }, (_, n) => `${n}:k=${n}`));
    await close();
  });

  it('should keep holes, and what was passed over', async () => {
    const { log, close } = await open(directory());
    await begin(log, 0n, 50n);
    await done(log.append([batch(10n, [['a', '1']])]));
    await done(log.pass(20n));
    await done(log.append([batch(30n, [['b', '2']])]));
    await done(log.pass(50n));
    expect(log.next).toBe(50n);
    expect(log.offsets).toMatchObject({ lastStableOffset: 50n, highWatermark: 50n, isLevel: true });
    expect(await readAll(log)).toEqual(['10:a=1', '30:b=2']);
    await close();
  });

  it('should leave out what it has already', async () => {
    const { log, close } = await open(directory());
    await begin(log, 0n, 3n);
    await done(log.append([batch(0n, [['a', '1']]), batch(1n, [['b', '2']])]));
    await done(log.append([batch(1n, [['b', '2']]), batch(2n, [['c', '3']])]));
    expect(await readAll(log)).toEqual(['0:a=1', '1:b=2', '2:c=3']);
    await close();
  });

  it('should go with the start of its source', async () => {
    const at = directory();
    const { log, close } = await open(at);
    await begin(log, 0n, 4n);
    await done(
      log.append([
        batch(0n, [['a', '1']]),
        batch(1n, [
          ['b', '2'],
          ['c', '3'],
        ]),
      ]),
    );
    const { seen } = log;
    await stand(log, 4n, 2n);
    expect(log.offsets.logStart).toBe(2n);
    expect(log.peek(1n, 'read_committed')).toBeUndefined();
    expect(await readAll(log)).toEqual(['2:c=3']);
    expect(log.missed(0n, seen)).toEqual({
      gap: { mark: 'gap', partition: 0, from: 0n, to: 2n, reason: 'retention' },
      resume: 2n,
    });
    await stand(log, 20n, 10n);
    expect(log.next).toBe(10n);
    expect(log.rows).toEqual([]);
    await done(log.append([batch(10n, [['d', '4']])]));
    await close();
    const again = await open(at);
    expect(await readAll(again.log)).toEqual(['10:d=4']);
    await again.close();
  });

  it('should forget the transactions of what is gone', async () => {
    const at = directory();
    const { log, close } = await open(at);
    await begin(log, 0n, 4n);
    const [aborted, left] = [batch(0n, [['a', 'void']], { producer }), batch(2n, [['a', 'open']], { producer })];
    await done(log.append([aborted, marker(1n, producer, 'abort'), left]));
    expect(log.isAborted(aborted)).toBe(true);
    await stand(log, 20n, 10n);
    expect(log.isAborted(aborted)).toBe(false);
    await done(log.append([batch(10n, [['b', '1']])]));
    expect(log.offsets.lastStableOffset).toBe(11n);
    await close();
  });

  it('should know what is open still where all that there is goes, as its source does', async () => {
    const { log, close } = await open(directory());
    await begin(log, 0n, 1n);
    await done(log.append([batch(0n, [['a', 'open']], { producer })]));
    await stand(log, 1n, 1n);
    await done(log.append([batch(1n, [['b', '1']])]));
    expect(log.offsets).toMatchObject({ logStart: 1n, lastStableOffset: 1n, highWatermark: 2n });
    await done(log.append([marker(2n, producer, 'abort')]));
    expect(log.offsets.lastStableOffset).toBe(3n);
    expect(await readAll(log)).toEqual(['1:b=1']);
    await close();
  });

  it('should know of which epoch the last batch is that a cut has left, in whatever row it is', async () => {
    const { log, close } = await open(directory());
    await begin(log, 0n, 4n);
    const of = (epoch: number, offset: bigint, value: string): RecordBatch => {
      const { bytes } = batch(offset, [['k', value]]);
      Buffer.from(bytes.buffer, bytes.byteOffset).writeInt32BE(epoch, LEADER_EPOCH);
      return batchesOf(bytes, 'test').next().value as RecordBatch;
    };
    const large = 'v'.repeat(100_000);
    await done(log.append([of(3, 0n, '1')]));
    await done(log.append([of(4, 1n, large)]));
    await done(log.append([of(5, 2n, large), of(6, 3n, large)]));
    expect([log.rows.map(({ from }) => from), log.lastEpoch]).toEqual([[0n, 2n], 6]);
    await done(log.truncate(3n));
    expect(log.lastEpoch).toBe(5);
    await done(log.truncate(2n));
    expect(log.lastEpoch).toBe(4);
    await done(log.truncate(1n));
    expect(log.lastEpoch).toBe(3);
    await close();
  });

  it('should expect no more what its source has cut', async () => {
    const { log, close } = await open(directory());
    await begin(log, 0n, 3n);
    await done(log.append([0n, 1n, 2n].map((offset) => batch(offset, [['k', 'v']]))));
    log.expect(5n);
    await done(log.truncate(4n));
    expect(log.expected).toBe(4n);
    await done(log.truncate(2n));
    expect([log.expected, log.next]).toEqual([2n, 2n]);
    await close();
  });

  it('should cut what its source has cut, and tell who read it', async () => {
    const at = directory();
    const { log, close } = await open(at);
    await begin(log, 0n, 4n);
    await done(
      log.append([
        batch(0n, [['a', '1']]),
        batch(1n, [['b', '2']]),
        batch(2n, [
          ['c', '3'],
          ['d', '4'],
        ]),
      ]),
    );
    const { seen } = log;
    await done(log.truncate(3n));
    expect(log.next).toBe(2n);
    expect(log.missed(4n, seen)).toEqual({
      gap: { mark: 'gap', partition: 0, from: 2n, to: 4n, reason: 'truncated' },
      resume: 2n,
    });
    expect(log.missed(2n, seen)).toBeUndefined();
    await done(log.append([batch(2n, [['e', '5']])]));
    const records = ['0:a=1', '1:b=2', '2:e=5'];
    expect(await readAll(log)).toEqual(records);
    await close();
    const again = await open(at);
    expect(await readAll(again.log)).toEqual(records);
    await again.close();
  });

  it('should begin anew where a compacted log was cut', async () => {
    const { log, close } = await open(directory(), { isCompacted: true });
    await begin(log, 0n, 3n);
    await done(log.append([batch(0n, [['a', '1']]), batch(1n, [['b', '2']]), batch(2n, [['c', '3']])]));
    const { seen } = log;
    await done(log.truncate(1n));
    expect(log.next).toBeUndefined();
    expect(log.missed(3n, seen)).toEqual({
      gap: { mark: 'gap', partition: 0, from: 1n, to: 3n, reason: 'truncated' },
      resume: 1n,
    });
    await expect(done(log.append([batch(1n, [['d', '4']])]))).rejects.toMatchObject({ code: 'CACHE_RESTARTED' });
    await begin(log, 0n, 2n);
    await done(log.append([batch(0n, [['a', '1']]), batch(1n, [['d', '4']])]));
    expect(await readAll(log)).toEqual(['0:a=1', '1:d=4']);
    expect(log.index!.newest(Buffer.from('c'))).toBeUndefined();
    await close();
  });

  it('should take nothing back of what it shows when its topic becomes compacted, and conflate once all keys are known', async () => {
    const { log, topic, close } = await open(directory());
    await begin(log, 0n, 3n);
    await done(log.append([0n, 1n, 2n].map((offset) => batch(offset, [['k', `${offset}`]]))));
    const shown: bigint[] = [];
    const left = log.changes.subscribe(() => shown.push(log.offsets.lastStableOffset));
    const configs = { 'cleanup.policy': 'compact' };
    await done(topic.remember({ topicId: 'id', partitions: [0], configs }));
    expect(shown.filter((offset) => offset < 3n)).toEqual([]);
    await done(log.ready());
    expect(log.index?.newest(Buffer.from('k'))).toBe(2n);
    left.unsubscribe();
    await close();
  });

  it('should not be level before its index is, so that a snapshot has all that is decided by then', async () => {
    const { log, close } = await open(directory(), { isCompacted: true });
    await begin(log, 0n, 60_000n);
    const told: string[] = [];
    const left = log.changes.subscribe(() => {
      const { isLevel, lastStableOffset } = log.offsets;
      told.push(`${isLevel ? 'level' : 'behind'} at ${lastStableOffset}`);
    });
    const records = (at: number) => Array.from({ length: 1_000 }, (_, n) => [`k${at + n}`, ''] as const);
    await done(log.append(Array.from({ length: 60 }, (_, n) => batch(BigInt(n * 1_000), records(n * 1_000)))));
    await done(log.ready());
    expect(told.filter((one) => one.startsWith('level'))).toEqual(['level at 60000']);
    left.unsubscribe();
    await close();
  });

  it('should find a place by time however much has to be looked through for it', async () => {
    const { log, close } = await open(directory());
    await begin(log, 0n, 1n);
    const records = Array.from({ length: 260 }, () => ['k', 'v'] as const);
    const size = BigInt(records.length) + 1n;
    // Each row tells of the time at which a transaction ended.
    for (let at = 0n; at < 1_000n * size; at += 100n * size)
      await done(
        log.append(
          Array.from({ length: 100 }, (_, n) => at + BigInt(n) * size).flatMap((offset) => [
            batch(offset, records, { producer }),
            marker(offset + size - 1n, producer, 'commit', 1_000_000n),
          ]),
        ),
      );
    const { end } = log.state;
    expect(await firstValueFrom(log.find(10n))).toBe(end);
    await done(log.append([batch(end, [['k', 'late']], { timestamp: 10n })]));
    expect(await firstValueFrom(log.find(10n))).toBe(end);
    await close();
  });

  it('should conflate with nothing that it does not show as decided yet', async () => {
    const { log, close } = await open(directory(), { isCompacted: true, memory: 1 });
    await begin(log, 0n, 60_000n);
    const records = (at: number) => Array.from({ length: 1_000 }, (_, n) => ['k', `${at + n}`.padEnd(100)] as const);
    const all = Array.from({ length: 60 }, (_, n) => batch(BigInt(n * 1_000), records(n * 1_000)));
    await done(log.append(all.slice(0, 1)));
    await done(log.ready());
    let [isAll, looks] = [false, 0];
    const appended = done(log.append(all.slice(1)))
      .then(() => done(log.ready()))
      .then(() => {
        isAll = true;
      });
    for (; !isAll; looks += 1) {
      expect((log.index?.newest(Buffer.from('k')) as bigint) < log.offsets.lastStableOffset).toBe(true);
      await new Promise(setImmediate);
    }
    await appended;
    expect([looks > 10, log.offsets.lastStableOffset]).toEqual([true, 60_000n]);
    await close();
  });

  it('should forget aborted transactions once nothing is left of them', async () => {
    const at = directory();
    const { log, topic, close } = await open(at, { isCompacted: true });
    await begin(log, 0n, 4n);
    await done(
      log.append([
        batch(0n, [['a', 'void']], { producer }),
        marker(1n, producer, 'abort'),
        batch(2n, [
          ['b', '1'],
          ['b', '2'],
        ]),
      ]),
    );
    expect(log.state.aborted).toEqual([0, 1]);
    const [upkept] = topic.upkept as [UpkeptPartition];
    const dirt = dirtOf(upkept, upkept.config, 1e12);
    await done(clean(upkept, dirt, { config: upkept.config, scheduler: eventLoop }));
    expect(log.state.aborted).toEqual([1, 1]);
    expect(await readAll(log, 'read_uncommitted')).toEqual(['3:b=2']);
    await done(log.restart('tombstones'));
    expect(log.abandoned).toBeGreaterThan(0);
    await close();
    const again = await open(at, { isCompacted: true });
    expect(again.events).toEqual([]);
    await again.close();
  });

  it('should tell of a topic that was made again by the id that has its name now', async () => {
    const { log, close } = await open(directory());
    await begin(log, 0n, 1n);
    await done(log.append([batch(0n, [['a', '1']])]));
    const { seen } = log;
    const told: unknown[] = [];
    const left = log.changes.subscribe(() =>
      told.push([log.topicId, log.missed(1n, seen)?.gap.reason, log.offsets.isBegun]),
    );
    await done(log.restart('recreated', 'another'));
    left.unsubscribe();
    expect(told).toEqual([['another', 'recreated', false]]);
    await close();
  });

  it('should tell whom tombstones may be missing that were not seen', async () => {
    const { log, close } = await open(directory(), { isCompacted: true });
    await begin(log, 0n, 3n);
    await done(log.append([batch(0n, [['a', '1']]), batch(1n, [['b', '2']]), batch(2n, [['c', '3']])]));
    const { seen } = log;
    await done(log.restart('tombstones'));
    const fresh = log.seen;
    await begin(log, 0n, 10n);
    await done(log.append([batch(0n, [['a', '1']]), batch(8n, [['b', '2']]), batch(9n, [['c', '3']])]));
    const gap = { mark: 'gap', partition: 0, from: 3n, to: 10n, reason: 'tombstones' };
    expect(log.missed(3n, seen)).toEqual({ gap, resume: 3n });
    expect(log.missed(10n, seen)).toBeUndefined();
    expect(log.missed(3n, { generation: log.seen.generation, tombstones: 0n })).toEqual({ gap, resume: 3n });
    expect(log.missed(3n, fresh)).toBeUndefined();
    expect(log.missed(3n, log.seen)).toBeUndefined();
    await close();
  });

  it("should tell who is behind its end, once that is known to be the source's", async () => {
    const { log, close } = await open(directory());
    await begin(log, 0n, 2n);
    expect(log.missed(9n, log.seen)).toBeUndefined();
    await done(
      log.append([
        batch(0n, [
          ['a', '1'],
          ['b', '2'],
        ]),
      ]),
    );
    log.expect(10n);
    expect(log.missed(9n, log.seen)).toBeUndefined();
    await done(log.restart('tombstones'));
    expect(log.expected).toBe(0n);
    await begin(log, 0n, 2n);
    await done(log.append([batch(0n, [['a', '1']]), batch(1n, [['b', '2']])]));
    expect(log.missed(9n, log.seen)).toEqual({
      gap: { mark: 'gap', partition: 0, from: 2n, to: 9n, reason: 'out-of-range' },
      resume: 2n,
    });
    log.unlevel();
    expect(log.missed(9n, log.seen)).toBeUndefined();
    await close();
  });

  it('should answer the newest of keys, of what is decided', async () => {
    const at = directory();
    const { log, close } = await open(at, { isCompacted: true });
    await begin(log, 0n, 9n);
    await done(
      log.append([
        batch(0n, [
          ['a', '0'],
          ['b', '1'],
          [null, '2'],
          ['a', '3'],
        ]),
      ]),
    );
    const chunk = (await chunkAt(log, 0n))!;
    const current = log.current(chunk)!;
    expect(Array.from({ length: current.length }, (_, n) => current.at(n).offset)).toEqual([1n, 2n, 3n]);
    expect(log.current(chunk)).toBe(current);
    expect(log.current(chunk, 3n)!.length).toBe(4);
    await done(log.append([batch(4n, [['a', '4']], { producer }), batch(5n, [['b', '5']])]));
    expect(log.index!.newest(Buffer.from('b'))).toBe(1n);
    expect(log.current(chunk)!.length).toBe(3);
    await done(log.append([marker(6n, producer, 'abort')]));
    expect(log.index!.newest(Buffer.from('a'))).toBe(3n);
    expect(log.index!.newest(Buffer.from('b'))).toBe(5n);
    expect(log.current(chunk)!.length).toBe(2);
    await close();
    const again = await open(at, { isCompacted: true });
    expect(again.log.index!.newest(Buffer.from('a'))).toBe(3n);
    expect(again.log.index!.newest(Buffer.from('b'))).toBe(5n);
    await again.close();
  });

  it('should find the first record at a time or after it', async () => {
    const at = directory();
    const { log, close } = await open(at);
    await begin(log, 0n, 9n);
    await done(log.append([0n, 1n, 2n].map((n) => batch(n, [['k', 'v']], { timestamp: 100n + 10n * n }))));
    const find = async (time: bigint): Promise<unknown> => done(log.find(time));
    expect([await find(0n), await find(110n), await find(111n), await find(121n)]).toEqual([0n, 1n, 2n, 3n]);
    await close();
  });

  it('should pass over for a snapshot what it sees a newer record of, though others came behind its end', async () => {
    const { log, close } = await open(directory(), { isCompacted: true });
    await begin(log, 0n, 9n);
    await done(
      log.append([
        batch(
          0n,
          ['a', 'b', 'a', 'c'].map((key) => [key, 'v'] as const),
        ),
      ]),
    );
    const chunk = (await chunkAt(log, 0n))!;
    const current = (): unknown => {
      const run = log.current(chunk, 4n);
      return Array.from({ length: run?.length ?? 0 }, (_, n) => run?.at(n).offset);
    };
    const release = log.hold(4n) as () => void;
    await done(
      log.append([
        batch(
          4n,
          ['a', 'b', 'a'].map((key) => [key, 'v'] as const),
        ),
      ]),
    );
    expect(current()).toEqual([1n, 2n, 3n]);
    release();
    expect(current()).toEqual([0n, 1n, 2n, 3n]);
    await close();
  });

  describe('that is looked through for a time', () => {
    const timed = (...values: readonly string[]) =>
      values.map((value, n) => batch(BigInt(n), [['k', value]], { timestamp: 100n + 10n * BigInt(n) }));

    /** A log of these batches that is looked through while something happens to it. */
    async function found(
      batches: readonly RecordBatch[],
      time: bigint,
      meanwhile: (log: Partition) => Promise<unknown>,
    ): Promise<unknown> {
      const at = directory();
      const first = await open(at);
      await begin(first.log, 0n, BigInt(batches.length));
      await done(first.log.append(batches));
      await first.close();
      let isAsked = false;
      const gone = new Subject<never>();
      const { log, close } = await open(at, {
        open: (path) =>
          openLevel(path, { isSynced: false }).pipe(
            map((store) => ({
              ...store,
              get: (key: Uint8Array) => {
                if (isAsked || key[0] !== rowKey({ topic: 1, partition: 0, generation: 0 }, 0n)[0])
                  return store.get(key);
                isAsked = true;
                return concat(gone, store.get(key));
              },
            })),
          ),
      });
      await stand(log, BigInt(batches.length));
      const found = done(log.find(time));
      await until(() => isAsked);
      await meanwhile(log);
      gone.complete();
      const offset = await found;
      await close();
      return offset;
    }

    const large = 'v'.repeat(600_000);

    it('should find it behind rows that go meanwhile', async () => {
      expect(await found(timed(large, large, large), 100n, (log) => stand(log, 3n, 1n))).toBe(1n);
    });

    it('should find nothing that goes meanwhile of a row', async () => {
      expect(await found(timed('1', '2', '3'), 100n, (log) => stand(log, 3n, 2n))).toBe(2n);
    });

    it('should find it in what comes in the place of what was cut', async () => {
      const offset = await found(timed(large, '2', large), 120n, async (log) => {
        await done(log.truncate(1n));
        await done(log.append([batch(1n, [['k', '1']], { timestamp: 125n })]));
        await stand(log, 2n);
      });
      expect(offset).toBe(1n);
    });

    it('should find it in another topic that has its name', async () => {
      const offset = await found(timed(large, large, large), 120n, async (log) => {
        await done(log.restart('recreated', 'another'));
        await begin(log, 0n, 2n);
        await done(log.append(timed('1', '2').map((_, n) => batch(BigInt(n), [['k', 'v']], { timestamp: 200n }))));
      });
      expect(offset).toBe(0n);
    });
  });

  it('should hold no more of what came with a batch in memory than that takes', async () => {
    const { log, close } = await open(directory());
    await begin(log, 0n, 3n);
    const came = Buffer.concat([Buffer.alloc(1 << 20), batch(0n, [['a', '1']]).bytes, batch(1n, [['b', '2']]).bytes]);
    await done(log.append([...batchesOf(came.subarray(1 << 20), 'test')]));
    expect(await readAll(log)).toEqual(['0:a=1', '1:b=2']);
    const held = new Set(log.peekWhole(0n)?.batches.map(({ bytes }) => bytes.buffer));
    expect([...held].map(({ byteLength }) => byteLength < 1_000)).toEqual([true]);
    await close();
  });

  it('should put what is left of rows in their place', async () => {
    const at = directory();
    const { log, close } = await open(at);
    await begin(log, 0n, 9n);
    await done(log.append([batch(0n, [['a', '1']]), batch(1n, [['b', '2']])]));
    const [row] = log.rows;
    const left = [{ batch: batch(1n, [['b', '2']]), wire: 60 }];
    expect(await done(log.rewrite([row!], left, () => ({ tombstones: 1n })))).toBe(true);
    expect(await done(log.rewrite([row!], [], () => ({ tombstones: 2n })))).toBe(false);
    expect(await readAll(log)).toEqual(['1:b=2']);
    expect(log.seen.tombstones).toBe(1n);
    await close();
    const again = await open(at);
    expect(await readAll(again.log)).toEqual(['1:b=2']);
    await again.close();
  });

  it('should tell of one append where the log ends by now, and of each change once', async () => {
    const { log, close } = await open(directory(), { isCompacted: true });
    await begin(log, 0n, 9n);
    const told: unknown[] = [];
    log.changes.subscribe({
      next: () => told.push([log.offsets.lastStableOffset, log.offsets.highWatermark, log.next]),
      error: () => {},
    });
    await done(log.append([batch(0n, [['a', '1']])]));
    await done(log.append([batch(1n, [['a', '2']], { producer }), batch(2n, [['b', '1']])]));
    await done(log.append([marker(3n, producer, 'commit'), batch(4n, [['c', '1']])]));
    expect(told).toEqual([
      [1n, 1n, 1n],
      [1n, 3n, 3n],
      [3n, 5n, 5n],
      [5n, 5n, 5n],
    ]);
    await close();
  });

  it('should tell when its offsets changed', async () => {
    const { log, close } = await open(directory());
    const ends: bigint[] = [];
    log.changes.subscribe({ next: () => ends.push(log.offsets.highWatermark), error: () => ends.push(-1n) });
    await begin(log, 0n, 2n);
    await done(log.append([batch(0n, [['a', '1']])]));
    await done(log.append([batch(1n, [['a', '1']])]));
    await close();
    expect(ends.filter((end) => end !== 0n)).toEqual([1n, 2n, -1n]);
  });
});
