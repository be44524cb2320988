import type { Fault } from '../errors.ts';
import type { Lane, Protocol } from '../protocol.ts';
import type { Authorization } from './guard.ts';
import { isShown } from './http.ts';

/** What opens a filesystem stream: a file that is read. */
export interface FilesystemBegin {
  /** Below the directory of the server, with `/` between; `.` and `..` are names like any other, and there are none. */
  readonly path: string;
  /** Whether only what is known of it is asked for, not its content. */
  readonly metadata?: boolean;
  /** Tags of contents that the reader has, `*` for any: where one is that of the file, there is no content to send. */
  readonly tags?: readonly string[];
  /** When the reader had its content, in milliseconds since 1970: of one that was not written since, there is none to send. */
  readonly since?: number | undefined;
  /** What guards found of whom it is read for. */
  readonly authorization?: Authorization;
}

/** What is known of a file. */
export interface FilesystemReplyBegin {
  /** In bytes. */
  readonly size: number;
  /** Its media type. */
  readonly type: string;
  /** What changes with its content. */
  readonly tag: string;
  /** When it was last written, in milliseconds since 1970. */
  readonly modified: number;
}

/** Whether who reads a file has its content. A time is told in seconds, so that parts of one do not count. */
export const isKnown = (
  { tags = [], since = Number.NEGATIVE_INFINITY }: Pick<FilesystemBegin, 'tags' | 'since'>,
  { tag, modified }: FilesystemReplyBegin,
): boolean => isShown(tags, tag) || Math.floor(modified / 1_000) * 1_000 <= since;

interface FilesystemInitial extends Lane {
  readonly begin: FilesystemBegin;
  readonly data: never;
  readonly flush: never;
  readonly end: undefined;
  readonly abort: Fault;
}

interface FilesystemReply extends Lane {
  readonly begin: FilesystemReplyBegin;
  readonly data: Uint8Array;
  readonly flush: never;
  readonly end: undefined;
  readonly abort: Fault;
}

/** Files, read: the bytes of a content, one credit each. */
export interface Filesystem extends Protocol {
  readonly initial: FilesystemInitial;
  readonly reply: FilesystemReply;
}
