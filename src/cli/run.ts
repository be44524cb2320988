import type { Graph, GraphEvent } from '../../graphs/index.ts';
import { SluiceError } from '../errors.ts';
import { exitCodes, type Io } from './io.ts';
import { load } from './load.ts';
import { logTo, tell } from './log.ts';
import { lineOf } from './topic.ts';

export interface RunOptions {
  readonly dir?: string;
  /** How long streams get to finish after a signal, in seconds. */
  readonly drain: number;
}

/**
 * Runs a file until a signal; answers the exit code once nothing is left open.
 *
 * @throws SluiceError CLI_FILE, CONFIG_INVALID, CONFIG_IDLE
 */
export async function run(file: string, { dir, drain }: RunOptions, io: Io): Promise<number> {
  const log = logTo(io);
  const closed = new Set<string>();
  let onClosed = (): void => {};
  const onEvent = (event: GraphEvent): void => {
    tell(log, event);
    if (event.kind !== 'closed') return;
    closed.add(event.binding);
    onClosed();
  };
  // Servers would give longer, so that it is the deadline which ends what does not finish.
  const graph = await load(file, io, { onEvent, drain: 2000 * drain, ...(dir !== undefined && { dir }) });
  for (const { code, message, line, column } of graph.warnings)
    log.warn({ code }, `${file}:${line}:${column} ${message}`);
  if (!graph.nodes.some(({ runs }) => runs)) throw idle(graph, file);
  log.info(`${graph.name} runs`);

  return new Promise((resolve) => {
    let deadline: NodeJS.Timeout | undefined;
    let code: number = exitCodes.ok;
    const finish = (with_: number): void => {
      clearTimeout(deadline);
      ignoreSignals();
      log.info(`${graph.name} stopped`);
      resolve(with_);
    };
    /** Waits for what is open, for so long. */
    const stop = (): void => {
      onClosed = () => {
        if (servers(graph).every((name) => closed.has(name))) finish(code);
      };
      deadline = setTimeout(() => {
        log.error(new SluiceError('CLI_DRAIN', `streams were still open after ${drain} s, and are cut off`));
        io.exit(exitCodes.failed);
      }, drain * 1000);
      onClosed();
    };
    const ignoreSignals = io.onSignal((signal) => {
      if (deadline !== undefined) return io.exit(exitCodes.failed);
      log.info(`${signal}: no new streams are taken, open ones get ${drain} s; once more to stop at once`);
      running.unsubscribe();
      stop();
    });
    const running = graph.run().subscribe({
      error(thrown: unknown) {
        if (thrown instanceof SluiceError) log.fatal({ code: thrown.code }, thrown.message);
        else log.fatal(thrown, lineOf(thrown));
        code = exitCodes.failed;
        stop();
      },
    });
  });
}

const idle = ({ nodes }: Graph, file: string): SluiceError => {
  const hint = nodes.some(({ entry }) => entry === 'kafka')
    ? '; `sluice consume` and `sluice produce` use its topics'
    : '';
  return new SluiceError('CONFIG_IDLE', `${file}: it has no server, and no cache_server with \`bootstrap\`${hint}`);
};

const servers = ({ nodes }: Graph): string[] => nodes.filter(({ entry }) => entry === 'none').map(({ name }) => name);
