import { fromOffset } from '../../../operators/flow/from-offset.ts';
import { type ControlSink, window } from '../../../src/control.ts';
import { batch, marker } from './batches.ts';
import { begin, directories, done, open, readAll, stand } from './open.ts';

const directory = directories();
const producer = { id: 7n, epoch: 0 };

describe('a log that is begun anew', () => {
  it('should know no transaction of before, neither open nor aborted', async () => {
    const at = directory();
    const { log, close } = await open(at);
    await begin(log, 0n, 9n);
    await done(
      log.append([
        batch(0n, [['a', 'void']], { producer }),
        marker(1n, producer, 'abort'),
        batch(2n, [['a', 'open']], { producer }),
      ]),
    );
    await done(log.restart('recreated', 'another'));
    await begin(log, 0n, 9n);
    await done(
      log.append([
        batch(0n, [['a', '1']], { producer }),
        marker(1n, producer, 'commit'),
        batch(2n, [['b', '2']]),
        batch(3n, [['c', '3']]),
      ]),
    );
    expect(log.offsets.lastStableOffset).toBe(4n);
    expect(await readAll(log)).toEqual(['0:a=1', '2:b=2', '3:c=3']);
    await close();
    const again = await open(at);
    expect(again.log.offsets.lastStableOffset).toBe(4n);
    await again.close();
  });

  it('should lose nothing to the retention of before', async () => {
    const { log, topic, close } = await open(directory());
    await begin(log, 0n, 9n);
    const large = 'v'.repeat(600_000);
    await done(log.append([0n, 1n, 2n].map((offset) => batch(offset, [['k', large]]))));
    const [upkept] = topic.upkept;
    await done(log.restart('recreated', 'another'));
    await begin(log, 0n, 9n);
    await done(log.append([batch(0n, [['a', '1']])]));
    await done(upkept!.trim(2n));
    await done(log.append([batch(1n, [['b', '2']])]));
    expect(await readAll(log)).toEqual(['0:a=1', '1:b=2']);
    await done(upkept!.trim(log.rows[0]!.from));
    await close();
  });

  it('should be caught up with at its own end, wherever the cleaner was before', async () => {
    const { log, close } = await open(directory(), { isCompacted: true });
    await begin(log, 0n, 2n);
    await done(log.append([batch(0n, [['a', '1']]), batch(1n, [['a', '2']])]));
    await done(log.ready());
    const [row] = log.rows;
    await done(log.rewrite([row!], [{ batch: batch(1n, [['a', '2']]), wire: 60 }], () => ({})));
    expect(log.cleaned).toBe(2n);
    await done(log.restart('recreated', 'another'));
    expect(log.cleaned).toBe(0n);
    await begin(log, 0n, 1n);
    await done(log.append([batch(0n, [['a', '1']])]));
    expect(log.cleaned).toBe(1n);
    await close();
  });

  it('should end a snapshot that it lacks records of, which its source superseded meanwhile', async () => {
    const { log, close } = await open(directory(), { isCompacted: true });
    await begin(log, 0n, 2n);
    await done(log.append([batch(0n, [['a', '1']]), batch(1n, [['b', '2']])]));
    await done(log.ready());
    const got: string[] = [];
    let control: ControlSink = () => {};
    const left = fromOffset(log, { from: 'earliest', until: 'latest' }).subscribe((frame) => {
      if (frame.kind === 'begin') control = frame.control;
      got.push(frame.kind === 'abort' ? `${frame.ext?.code}` : frame.kind);
    });
    control(window(1));
    await done(log.restart('tombstones'));
    await begin(log, 0n, 4n);
    await done(log.append([batch(0n, [['a', '1']]), batch(3n, [['b', '3']])]));
    await done(log.ready());
    control(window(1_000));
    expect(got).toEqual(['begin', 'data', 'SNAPSHOT_LOST']);
    left.unsubscribe();
    await close();
  });

  it('should tell of no tombstone to who begins before its source has said where it ends', async () => {
    const { log, close } = await open(directory(), { isCompacted: true });
    await begin(log, 0n, 3n);
    await done(log.append([0n, 1n, 2n].map((offset) => batch(offset, [['k', `${offset}`]]))));
    await done(log.restart('recreated', 'another'));
    await done(log.begin(0n));
    const { seen } = log;
    expect(log.missed(0n, seen)).toBeUndefined();
    await stand(log, 1n);
    await done(log.append([batch(0n, [['k', 'v']])]));
    expect(log.missed(0n, seen)).toBeUndefined();
    await close();
  });
});
