import { resolve } from 'node:path';
import { filesystemServer } from '../../operators/filesystem/server.ts';
import { httpFilesystemProxy } from '../../operators/http-filesystem/proxy.ts';
import type { Schema } from '../json-schema.ts';
import { kind } from '../kind.ts';

const when = {
  type: 'object',
  properties: {
    path: { description: 'the path of a request: `{name}` for a param, `*` for any run of characters', type: 'string' },
    method: { description: 'the method of a request', type: 'string', enum: ['GET', 'HEAD'] },
  },
  additionalProperties: false,
} as const satisfies Schema;

const made = {
  description: 'the file that a request is for',
  type: 'object',
  properties: { path: { description: 'a path below the directory, params of `when` filled in', type: 'string' } },
  additionalProperties: false,
} as const satisfies Schema;

export const filesystem = [
  kind({
    type: 'http-filesystem',
    kind: 'proxy',
    about: 'serves files over HTTP',
    entry: 'http',
    exit: 'filesystem',
    when,
    with: made,
    routed: 'itself',
    make: ({ routes, exit }) => httpFilesystemProxy({ routes })(exit),
  }),
  kind({
    type: 'filesystem',
    kind: 'server',
    about: 'reads files of a directory',
    entry: 'filesystem',
    exit: 'none',
    options: {
      description: 'which files',
      type: 'object',
      properties: {
        location: { description: 'the directory', type: 'string' },
        symlinks: {
          description: 'whether links below the directory are ignored, or followed as long as they stay inside',
          type: 'string',
          enum: ['ignore', 'follow'],
        },
      },
      required: ['location'],
      additionalProperties: false,
    },
    make: ({ options, base, scheduler }) =>
      filesystemServer({ ...options, location: resolve(base, options.location) }, scheduler),
  }),
] as const;
