import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { Observable } from 'rxjs';
import { type Fault, SluiceError } from '../errors.ts';
import type { FilesystemReplyBegin } from '../protocol/filesystem.ts';
import { mediaType } from './media-types.ts';

/** A file that can be read. */
export interface OpenFile {
  readonly begin: FilesystemReplyBegin;
  /** Its content, up to the size that was told; asked for once, if at all. */
  content(): Readable;
}

/** What becomes of links below a directory: `ignore` has none, `follow` has those that stay inside of it. */
export type Symlinks = 'ignore' | 'follow';

/**
 * Opens a file below `directory`, once, and closes it on unsubscribing. `path` is names with `/` between; names that begin
 * with a dot are not served, and nothing leads out of the directory. Errors with FILE_NOT_FOUND, FILE_FAILED.
 */
export const openFile = (directory: string, path: string, symlinks: Symlinks): Observable<OpenFile> =>
  new Observable((out) => {
    let handle: FileHandle | undefined;
    let reading = false;
    const close = (): void => {
      if (!reading) handle?.close().catch(() => {});
      handle = undefined;
    };
    out.add(close);
    const find = async (): Promise<void> => {
      const opened = await openBelow(directory, path, symlinks);
      handle = opened;
      const stats = await opened.stat();
      if (out.closed) return close();
      if (!stats.isFile()) return out.error(missing(path));
      const { size, mtimeMs, ino } = stats;
      const tag = [mtimeMs, size, ino].map((number) => Math.round(number).toString(36)).join('-');
      out.next({
        begin: { size, type: mediaType(path), tag, modified: Math.round(mtimeMs) },
        content() {
          reading = true;
          return opened.createReadStream({ start: 0, end: size - 1, highWaterMark: 64 * 1024 });
        },
      });
    };
    find().catch((error: unknown) => out.error(faultOf(path, error)));
  });

async function openBelow(directory: string, path: string, symlinks: Symlinks): Promise<FileHandle> {
  if (!path.split('/').every(isName)) throw missing(path);
  const root = await realpath(directory);
  const wanted = join(root, path);
  const found = await realpath(wanted);
  if (symlinks === 'ignore' ? found !== wanted : !found.startsWith(root.endsWith(sep) ? root : root + sep))
    throw missing(path);
  // A pipe would hold who opens it until somebody writes to it.
  return open(found, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/** Whether it can be the name of a file that is served. */
const isName = (name: string): boolean => name !== '' && !name.startsWith('.') && !/[\0/\\:]/.test(name);

const missing = (path: string): SluiceError =>
  new SluiceError('FILE_NOT_FOUND', `there is no file ${JSON.stringify(path)}`);

const MISSING = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO'];

function faultOf(path: string, error: unknown): Fault {
  if (error instanceof SluiceError) return error;
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  if (MISSING.includes(code)) return missing(path);
  return new SluiceError('FILE_FAILED', `cannot read ${JSON.stringify(path)}: ${code}`);
}
