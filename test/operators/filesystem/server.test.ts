import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesystemServer } from '../../../operators/filesystem/server.ts';
import { reset, window } from '../../../src/control.ts';
import { emitter } from '../../../src/emitter.ts';
import { type Begin, end, type Frame } from '../../../src/frame.ts';
import { lawful } from '../../../src/lawful.ts';
import type { Filesystem, FilesystemBegin, FilesystemReplyBegin } from '../../../src/protocol/filesystem.ts';
import { until } from '../../src/net/peers.ts';

let location: string;
beforeAll(() => {
  location = mkdtempSync(join(tmpdir(), 'sluice-files-'));
  writeFileSync(join(location, 'a.txt'), Buffer.alloc(500_000, 'a'));
});
afterAll(() => rmSync(location, { recursive: true }));

/** One file that is asked for. */
function asked(begin: FilesystemBegin) {
  const frames: Frame<Filesystem['reply']>[] = [];
  const initial = emitter<Filesystem['initial']>(begin, () => ({ pull: () => end() }));
  const stream = filesystemServer({ location })(initial)
    .pipe(lawful('reply'))
    .subscribe((frame) => frames.push(frame));
  const opening = async (): Promise<Begin<FilesystemReplyBegin>> => {
    await until(() => frames.length > 0);
    return frames[0] as Begin<FilesystemReplyBegin>;
  };
  const size = (): number => frames.reduce((sum, frame) => sum + (frame.kind === 'data' ? frame.reserved : 0), 0);
  return { frames, stream, opening, size, last: () => frames.at(-1)?.kind };
}

/** Whether this process has a file of the directory open. */
const isOpen = (): boolean =>
  readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(location);
    } catch {
      return false;
    }
  });

describe('filesystem server', () => {
  it('sends a content as far as credit goes, and lets the file go behind it', async () => {
    const { opening, size, last } = asked({ path: 'a.txt' });
    const { ext, control } = await opening();
    expect(ext).toEqual({ size: 500_000, type: 'text/plain; charset=utf-8', tag: ext.tag, modified: ext.modified });
    control(window(10));
    await until(() => size() === 10);
    expect(isOpen()).toBe(true);
    control(window(1_000_000));
    await until(() => last() === 'end');

    expect(size()).toBe(500_000);
    await until(() => !isOpen());
  });

  it('sends no content to who asks what is known of a file, or has it', async () => {
    const known = asked({ path: 'a.txt', metadata: true });
    const { ext } = await known.opening();
    await until(() => known.last() === 'end');
    const had = asked({ path: 'a.txt', tags: ['x', ext.tag] });
    await until(() => had.last() === 'end');

    expect([known.size(), had.size()]).toEqual([0, 0]);
    await until(() => !isOpen());
  });

  it('lets a file go when it is refused, or when its reader leaves', async () => {
    const refused = asked({ path: 'a.txt' });
    (await refused.opening()).control(reset());
    await until(() => refused.last() === 'abort');
    const left = asked({ path: 'a.txt' });
    await left.opening();
    left.stream.unsubscribe();
    asked({ path: 'a.txt' }).stream.unsubscribe();

    await until(() => !isOpen());
  });

  it('aborts where there is no such file', async () => {
    const { frames, last } = asked({ path: 'nothing' });
    await until(() => last() === 'abort');

    expect(frames).toEqual([{ kind: 'abort', ext: expect.objectContaining({ code: 'FILE_NOT_FOUND' }) }]);
  });
});
