import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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
    await append(fileStore(directory).create(), 'left behind');
    writeFileSync(join(directory, 'mine'), '');
    expect(readdirSync(directory)).toHaveLength(2);
    fileStore(directory);
    await until(() => readdirSync(directory).length === 1);
    expect(existsSync(join(directory, 'mine'))).toBe(true);
  });

  it('should tell what the operating system refuses as a fault that names the file', async () => {
    writeFileSync(join(directory, 'file'), '');
    const file = fileStore(join(directory, 'file', 'below')).create();
    await expect(append(file, 'x')).rejects.toMatchObject({
      code: 'STAGE_DISK',
      message: expect.stringContaining('1.staged: ENOTDIR'),
    });
    const short = fileStore(directory).create();
    await append(short, 'short');
    await expect(firstValueFrom(short.read(0, 9))).rejects.toMatchObject({
      code: 'STAGE_DISK',
      message: expect.stringContaining('it ends at byte 5, before byte 9'),
    });
  });
});
