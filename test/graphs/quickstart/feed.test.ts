import { Subject, type Subscription } from 'rxjs';
import { compile } from '../../../graphs/index.ts';
import { type FeedOptions, feed } from '../../../graphs/quickstart/feed.ts';
import type { Process } from '../../../graphs/quickstart/process-list.ts';
import { until } from '../../broker/until.ts';
import { dataOf, FakeKafka, type FakeOptions, recordOf } from '../../cli/fake-kafka.ts';

const shell: Process = { pid: 7, name: 'sh', cpuTime: 1_000, memory: 4_096, began: 50_000 };

/** A feed into a fake Kafka, of processes that a test sets. */
class Bed {
  readonly kafka: FakeKafka;
  readonly faults: unknown[] = [];
  readonly stop = new Subject<void>();
  looks = 0;
  isOver = false;
  failed: unknown;
  readonly running: Subscription;
  processes: Process[] = [shell];
  list: FeedOptions['list'] = async () => this.processes;

  constructor(options: FakeOptions = {}) {
    this.kafka = new FakeKafka(options);
    this.running = feed({
      list: () => {
        this.looks += 1;
        return this.list();
      },
      graph: compile({ name: 'fake', bindings: { log: this.kafka.binding } }),
      binding: 'log',
      processes: 'processes',
      events: 'events',
      every: 5,
      onFault: (fault) => void this.faults.push(fault),
      until: this.stop,
    }).subscribe({
      complete: () => {
        this.isOver = true;
      },
      error: (thrown) => {
        this.failed = thrown;
      },
    });
  }

  get written(): [string, unknown][] {
    return this.kafka.produced.map(({ key, value, tombstone }) => [
      Buffer.from(key as Uint8Array).toString(),
      tombstone === true ? null : JSON.parse(value),
    ]);
  }
}

const holds = (condition: () => boolean) => until(async () => expect(condition()).toBe(true));
const stored = (key: string, value: object | null) => ({ key: Buffer.from(key), value });
const topic = (...list: { key: Buffer; value: object | null }[]) =>
  list.map(({ key, value }, offset) =>
    dataOf(recordOf(offset, value === null ? null : JSON.stringify(value), { key })),
  );

describe('the feed', () => {
  let bed: Bed;

  afterEach(() => bed.running.unsubscribe());

  it('writes each process once, and again when it changes', async () => {
    bed = new Bed();
    await holds(() => bed.written.length === 1 && bed.looks > 4);
    bed.processes = [{ ...shell, memory: 8_192 }];
    await holds(() => bed.written.length === 2);
    expect(bed.written).toEqual([
      ['7', { pid: 7, name: 'sh', cpu: 0, memory: 4_096, began: 50_000 }],
      ['7', { pid: 7, name: 'sh', cpu: 0, memory: 8_192, began: 50_000 }],
    ]);
  });

  it('writes a start and an exit before the state that goes with it, and a tombstone at the end', async () => {
    bed = new Bed();
    await holds(() => bed.written.length === 1);
    bed.processes = [shell, { pid: 8, name: 'cc', cpuTime: 0, memory: 1, began: 60_000 }];
    await holds(() => bed.written.length === 3);
    bed.processes = [shell];
    await holds(() => bed.written.length === 5);
    expect(bed.written.slice(1)).toEqual([
      ['8', { event: 'start', pid: 8, name: 'cc', at: 60_000 }],
      ['8', { pid: 8, name: 'cc', cpu: 0, memory: 1, began: 60_000 }],
      ['8', { event: 'exit', pid: 8, name: 'cc', at: expect.any(Number) }],
      ['8', null],
    ]);
  });

  it('begins with what the topic tells: what ended while nobody looked is taken out of it', async () => {
    const gone = { pid: 8, name: 'cc', cpu: 3, memory: 1, began: 60_000 };
    const same = { pid: 7, name: 'sh', cpu: 0, memory: 4_096, began: 50_000 };
    bed = new Bed({ sends: topic(stored('8', gone), stored('9', gone), stored('7', same), stored('9', null)) });
    await holds(() => bed.written.length === 2 && bed.looks > 4);
    expect(bed.written).toEqual([
      ['8', { event: 'exit', pid: 8, name: 'cc', at: expect.any(Number) }],
      ['8', null],
    ]);
  });

  it('writes with the next look what was refused', async () => {
    let refusals = 0;
    bed = new Bed({
      refuses: () => {
        refusals += 1;
        return refusals > 2 ? undefined : { fault: { code: 'KAFKA_ERROR', message: 'no leader' } };
      },
    });
    await holds(() => refusals > 2 && bed.looks > 6);
    expect(bed.faults).toHaveLength(2);
    expect(bed.written).toHaveLength(3);
    expect(bed.written.at(-1)).toEqual(['7', { pid: 7, name: 'sh', cpu: 0, memory: 4_096, began: 50_000 }]);
  });

  it('goes on when a look fails', async () => {
    bed = new Bed();
    await holds(() => bed.written.length === 1);
    bed.list = async () => {
      throw new Error('too many open files');
    };
    await holds(() => bed.faults.length > 1);
    bed.list = async () => [];
    await holds(() => bed.written.length === 3);
    expect(String(bed.faults[0])).toContain('too many open files');
  });

  it('looks no faster than what it wrote is answered', async () => {
    bed = new Bed({ window: 1, credits: false });
    bed.processes = [shell, { ...shell, pid: 8 }];
    await holds(() => bed.kafka.opened.length === 2);
    const { looks } = bed;
    await new Promise((done) => setTimeout(done, 100));
    expect(bed.looks).toBeLessThanOrEqual(looks + 1);
  });

  it('errors if what the topic tells cannot be read', async () => {
    bed = new Bed({ sends: [{ abort: { code: 'KAFKA_ERROR', message: 'not allowed' } }] });
    await holds(() => bed.failed !== undefined);
    expect(bed.failed).toMatchObject({ code: 'KAFKA_ERROR' });
  });

  it('writes what it began, and completes', async () => {
    bed = new Bed();
    await holds(() => bed.written.length === 1);
    let answer = (_: Process[]): void => {};
    bed.list = () =>
      new Promise((done) => {
        answer = done;
      });
    const { looks } = bed;
    await holds(() => bed.looks > looks);
    bed.stop.next();
    expect(bed.isOver).toBe(false);
    answer([{ ...shell, memory: 1 }]);
    await holds(() => bed.isOver);
    expect(bed.written).toHaveLength(2);
    expect(bed.faults).toEqual([]);
  });
});
