import pc from 'picocolors';
import { type Logger, pino } from 'pino';
import { match } from 'ts-pattern';
import type { GraphEvent } from '../../graphs/index.ts';
import type { Terminal } from './io.ts';

/** Logs to `err`: lines for people at a terminal, else one JSON object a line. */
export const logTo = (io: Terminal): Logger =>
  pino(
    { base: { name: 'sluice' } },
    { write: (line) => io.err(io.isTerminal ? humanly(line, pc.createColors(true)) : line) },
  );

type Paint = ReturnType<typeof pc.createColors>;

function humanly(line: string, paint: Paint): string {
  const { time, level, msg, binding, err } = JSON.parse(line);
  const clock = new Date(time).toISOString().slice(11, 19);
  const tint = level >= 50 ? paint.red : level >= 40 ? paint.yellow : paint.green;
  const where = binding === undefined ? '' : `${paint.bold(binding)} `;
  const cause = err === undefined ? '' : `\n${paint.dim(err.stack ?? err.message)}`;
  return `${paint.dim(clock)} ${tint(pino.levels.labels[level] ?? '')} ${where}${msg}${cause}\n`;
}

/** Logs what a graph tells. */
export const tell = (log: Logger, event: GraphEvent): void =>
  match(event)
    .with({ kind: 'listening' }, ({ binding, at }) => {
      const places = at.map(({ address, port }) => `${address.includes(':') ? `[${address}]` : address}:${port}`);
      log.info({ binding, at: places }, `listens on ${places.join(', ')}`);
    })
    .with({ kind: 'closed' }, ({ binding }) => log.info({ binding }, 'closed'))
    .with({ kind: 'defect' }, ({ binding, defect }) =>
      log.error({ binding, err: defect }, 'a stream was ended by a defect'),
    )
    .with({ kind: 'retrying' }, ({ binding, fault: { code, message } }) =>
      log.warn({ binding, code }, `is tried again: ${message}`),
    )
    .with({ kind: 'failed' }, ({ binding, fault: { code, message } }) => log.warn({ binding, code }, message))
    .with({ kind: 'ready' }, ({ binding, topic }) => log.info({ binding, topic }, `${topic} is level with its source`))
    .with({ kind: 'cache' }, ({ binding, event }) =>
      log.warn({ binding, ...printable(event) }, `the cache: ${event.event}`),
    )
    .with({ kind: 'guard' }, ({ guard, fault: { code, message } }) =>
      log[code === 'GUARD_REFUSED' ? 'info' : 'warn']({ guard, code }, message),
    )
    .exhaustive();

/** An event without what JSON does not take. */
const printable = (event: object): object =>
  Object.fromEntries(
    Object.entries(event).map(([name, value]) => [name, typeof value === 'bigint' ? `${value}` : value]),
  );
