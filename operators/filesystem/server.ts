import { Observable, type SchedulerLike } from 'rxjs';
import { emit, type Source } from '../../src/emitter.ts';
import { type Fault, SluiceError } from '../../src/errors.ts';
import { abort, end } from '../../src/frame.ts';
import { listen } from '../../src/listen.ts';
import { openFile, type Symlinks } from '../../src/net/files.ts';
import { Reader } from '../../src/net/reader.ts';
import { type Filesystem, type FilesystemBegin, isKnown } from '../../src/protocol/filesystem.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';

export interface FilesystemServerOptions {
  /** The directory whose files are read. */
  readonly location: string;
  /** `ignore` serves no file behind a link, `follow` those that are in the directory all the same. `ignore` by default. */
  readonly symlinks?: Symlinks;
}

/**
 * Reads files of a directory: a stream begins with the path of one, and its reply with what is known of it, then has its
 * content, as far as credit goes. Nothing leads out of the directory, and no name that begins with a dot is served.
 *
 * Where there is no such file, the reply is ABORT with FILE_NOT_FOUND; one that cannot be read is FILE_FAILED.
 *
 * @example
 * const page = filesystemServer({ location: 'public' });
 * tcpServer({ port: 7114 })(httpServer()(httpFilesystemProxy()(page))).subscribe();
 */
export const filesystemServer =
  (
    { location, symlinks = 'ignore' }: FilesystemServerOptions,
    scheduler: SchedulerLike = eventLoop,
  ): Binding<Filesystem> =>
  (initial) =>
    new Observable((out) => {
      let content: Pick<Source<Filesystem['reply']>, 'pull'> | undefined;
      const outlet = emit<Filesystem['reply']>(out, { pull: (balance) => content?.pull(balance) }, scheduler);
      const fail = (fault: Fault): void => {
        content = { pull: () => abort(fault) };
        outlet.wake();
      };

      const open = (begin: FilesystemBegin): void => {
        const { path, metadata } = begin;
        listen(openFile(location, path, symlinks), out, {
          next(file) {
            if (metadata || file.begin.size === 0 || isKnown(begin, file.begin)) content = { pull: () => end() };
            else {
              const stream = file.content();
              const reader = new Reader(stream, scheduler, () => stream.destroy());
              stream.on('error', () =>
                reader.fail(new SluiceError('FILE_FAILED', `cannot read ${JSON.stringify(path)}`)),
              );
              content = reader.start(() => outlet.wake(), out);
            }
            outlet.begin(file.begin);
          },
          error: (fault) => fail(fault as Fault),
          complete() {},
        });
      };

      listen(initial, out, {
        next(frame) {
          if (frame.kind === 'begin') open(frame.ext);
          else if (frame.kind === 'abort') fail(frame.ext ?? new SluiceError('FILE_FAILED', 'who asked has left'));
        },
        complete() {},
      });
    });
