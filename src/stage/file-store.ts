import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { catchError, defer, ignoreElements, type Observable, throwError } from 'rxjs';
import { SluiceError } from '../errors.ts';
import type { StagedFile, StageStore } from './store.ts';

/** What is staged is known by it, so that nothing else in the directory is ever removed. */
const NAME = /^(\d+)-([0-9a-f]+)-\d+\.staged$/;

/** Tells this process from one before it that had the same id, and so do all names that it gives. */
const SELF = randomBytes(4).toString('hex');
let count = 0;

/**
 * Stages bodies as plain files in a directory, which is made if it is missing. Others may use it as well, in this process
 * and in other ones of this machine: what killed processes left there is removed at once, and nothing else. No file is held
 * open between one use and the next.
 *
 * What the operating system refuses is the fault STAGE_DISK.
 */
export function fileStore(directory: string): StageStore {
  const ready = prepare(directory);
  // Everything that is done in the directory waits for it, and so is told.
  ready.catch(() => {});
  return {
    create() {
      count += 1;
      return fileAt(join(directory, `${process.pid}-${SELF}-${count}.staged`), ready);
    },
  };
}

async function prepare(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const left = (await readdir(directory)).filter(isLeft);
  await Promise.all(left.map((name) => rm(join(directory, name), { force: true })));
}

/** Whether a file was staged by a process that is no more. */
function isLeft(name: string): boolean {
  const [, pid, process] = NAME.exec(name) ?? [];
  return pid !== undefined && process !== SELF && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    // One that is another user's may not be asked.
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function fileAt(path: string, ready: Promise<void>): StagedFile {
  let last = ready;
  return {
    append: (pieces) =>
      faulty(path, () => {
        last = last.then(() =>
          appendFile(path, pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces)),
        );
        return last;
      }).pipe(ignoreElements()),
    read: (start, end) => faulty(path, () => readAt(path, start, end)),
    remove() {
      // One that cannot be removed now is when the directory is next opened.
      const gone = (): Promise<void> => rm(path, { force: true }).catch(() => {});
      last.then(gone, gone);
    },
  };
}

async function readAt(path: string, start: number, end: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(end - start);
  const file = await open(path);
  try {
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, at, bytes.length - at, start + at);
      if (bytesRead === 0) throw new Error(`it ends at byte ${start + at}, before byte ${end}`);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
  return bytes;
}

const faulty = <T>(path: string, work: () => Promise<T>): Observable<T> =>
  defer(work).pipe(
    catchError((cause: Error) =>
      throwError(() => new SluiceError('STAGE_DISK', `${path}: ${cause.message}`, { cause })),
    ),
  );
