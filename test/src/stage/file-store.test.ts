import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { fileStore } from '../../../src/stage/file-store.ts';
import { until } from '../kafka/clock.ts';

describe('a store of staged files', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stage-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const append = (file: ReturnType<ReturnType<typeof fileStore>['create']>, ...pieces: string[]) =>
    lastValueFrom(file.append(pieces.map((piece) => Buffer.from(piece))), { defaultValue: undefined });

  it('should keep what is appended, to be read in any parts and again', async () => {
    const file = fileStore(join(directory, 'made', 'when missing')).create();
    await append(file, 'one ', 'two ');
    await append(file, 'three');
    for (const [start, end] of [
      [0, 13],
      [4, 8],
      [4, 8],
      [13, 13],
    ] as const) {
      const bytes = await firstValueFrom(file.read(start, end));
      expect(Buffer.from(bytes).toString()).toBe('one two three'.slice(start, end));
    }
  });

  it('should remove a file after what is under way', async () => {
    const file = fileStore(directory).create();
    const appended = append(file, 'x');
    file.remove();
    await appended;
    await until(() => readdirSync(directory).length === 0);
  });

  it('should remove what a killed process left, and nothing else', async () => {
    const gone = spawnSync(process.execPath, ['--version']).pid;
    // One of this process, one of its parent, and one that has this process's id and is of one before it.
    await append(fileStore(directory).create(), 'of this process');
    const [mine = ''] = readdirSync(directory);
    const kept = [mine, 'other', `${process.ppid}-0a0a0a0a-1.staged`].sort();
    const left = [`${gone}-0a0a0a0a-1.staged`, `${process.pid}-0a0a0a0a-1.staged`];
    for (const name of [...kept, ...left]) writeFileSync(join(directory, name), '', { flag: 'a' });
    fileStore(directory);
    await until(() => readdirSync(directory).length === kept.length);
    expect(readdirSync(directory).sort()).toEqual(kept);
  });

  it('should share a directory with other stores', async () => {
    const [one, other] = [fileStore(directory).create(), fileStore(directory).create()];
    await append(one, 'one');
    await append(other, 'other');
    expect(`${Buffer.from(await firstValueFrom(one.read(0, 3)))}`).toBe('one');
    expect(`${Buffer.from(await firstValueFrom(other.read(0, 5)))}`).toBe('other');
  });

  it('should tell what the operating system refuses as a fault that names the file', async () => {
    writeFileSync(join(directory, 'file'), '');
    const file = fileStore(join(directory, 'file', 'below')).create();
    await expect(append(file, 'x')).rejects.toMatchObject({
      code: 'STAGE_DISK',
      message: expect.stringContaining('.staged: ENOTDIR'),
    });
    const short = fileStore(directory).create();
    await append(short, 'short');
    await expect(firstValueFrom(short.read(0, 9))).rejects.toMatchObject({
      code: 'STAGE_DISK',
      message: expect.stringContaining('it ends at byte 5, before byte 9'),
    });
  });
});
