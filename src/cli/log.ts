import pc from 'picocolors';
import { type Logger, pino } from 'pino';
import type { Io } from './io.ts';

/** Logs to `err`: lines for people at a terminal, else one JSON object a line. */
export const logTo = (io: Io): Logger =>
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
