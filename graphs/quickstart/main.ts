import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import pc from 'picocolors';
import { race, Subject, Subscription, timer } from 'rxjs';
import { servers as brokers, port as listening } from '../../src/cli/arguments.ts';
import { explain } from '../../src/cli/load.ts';
import { logTo, tell } from '../../src/cli/log.ts';
import { failure } from '../../src/cli/topic.ts';
import { compile } from '../compile.ts';
import type { GraphEvent } from '../events.ts';
import { configOf, EVENTS, PROCESSES } from './config.ts';
import { createTopics } from './create-topics.ts';
import { feed } from './feed.ts';
import { processList } from './process-list.ts';

/** How long streams get to end once it is stopped, in milliseconds. They would go on for ever. */
const DRAIN = 500;

// Bundled or not, this file stands two folders below the root.
const file = fileURLToPath(new URL('../../graphs/quickstart.yaml', import.meta.url));

const { kafka, port, dir } = new Command('npm run quickstart --')
  .description("the processes of this machine, live in a browser, through a log on this machine's disk")
  .option('--kafka <host:port>', 'a broker of a cluster to write to, in place of that log', brokers)
  .option('--port <number>', 'where to listen on 127.0.0.1 (default: 7114)', listening)
  .option('--dir <path>', 'where state lives (default: .sluice/quickstart)')
  .parse()
  .opts<{ kafka?: string; port?: number; dir?: string }>();

const io = { isTerminal: process.stderr.isTTY === true, err: (text: string) => void process.stderr.write(text) };
const log = logTo(io);

async function main(): Promise<void> {
  const { config, topics } = configOf(readFileSync(file, 'utf8'), { kafka, port });
  const state = dir ?? join('.sluice', kafka === undefined ? 'quickstart' : 'quickstart-kafka');
  const stop = new Subject<void>();
  const closed = new Subject<void>();
  const onEvent = (event: GraphEvent): void => {
    if (event.kind === 'closed') closed.next();
    else if (event.kind === 'listening') show(`http://127.0.0.1:${event.at[0]?.port}`, kafka ?? join(state, 'log'));
    else if (event.kind !== 'ready') tell(log, event);
  };
  const graph = compile(config, { file, dir: state, drain: DRAIN, onEvent });
  if (kafka !== undefined) await createTopics(kafka, topics);

  const running = new Subscription();
  const end = (): void => {
    // Caches stay open for a while after their last reader, and all that was answered is on the disk.
    race(closed, timer(2 * DRAIN)).subscribe(() => process.exit());
    running.unsubscribe();
  };
  const fail = (thrown: unknown): void => {
    if (running.closed) return;
    process.exitCode = failure(thrown, io);
    end();
  };
  const list = await processList();
  running.add(graph.run().subscribe({ error: fail }));
  const onFault = (fault: unknown): void => log.warn(fault, 'not written yet, and tried again');
  const feeding = feed({ list, graph, binding: 'log', processes: PROCESSES, events: EVENTS, until: stop, onFault });
  running.add(feeding.subscribe({ error: fail, complete: end }));
  const onSignal = (): void => {
    if (stop.closed) process.exit(1);
    stop.next();
    stop.unsubscribe();
    // A log that cannot be reached would hold it up.
    running.add(timer(10 * DRAIN).subscribe(end));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
}

function show(url: string, where: string): void {
  const { bold, cyan, dim } = pc;
  const line = (what: string, how: string): string => `  ${what.padEnd(22)} ${cyan(how)}\n`;
  process.stdout.write(
    `\n${bold('The processes of this machine')}, as they change, through ${where}\n\n` +
      line('in a browser', `${url}/`) +
      line('every change', `curl -N ${url}/processes`) +
      line('starts and exits', `curl -N ${url}/events`) +
      line('one process', `curl ${url}/processes/${process.pid}`) +
      `\n${dim('Ctrl-C stops it. What was written stays.')}\n\n`,
  );
}

try {
  await main();
} catch (thrown) {
  process.exitCode = 1;
  explain(thrown, io);
}
