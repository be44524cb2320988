import { Command, CommanderError, Option } from 'commander';
import pc from 'picocolors';
import { jsonSchema, render, type Supplied } from '../../graphs/index.ts';
import type { Acks, Isolation } from '../protocol/kafka.ts';
import { from, header, integer, partition, seconds, separator } from './arguments.ts';
import { clearCache, inspect, ls, repairCache, verifyCache } from './cache.ts';
import { consume } from './consume.ts';
import { draw, formats } from './draw.ts';
import { exitCodes, type Io } from './io.ts';
import { explain, load } from './load.ts';
import { produce } from './produce.ts';
import { run } from './run.ts';

const isolations = ['read_committed', 'read_uncommitted'] satisfies Isolation[];
const acks = ['none', 'leader', 'all'] satisfies Acks[];
const dir = ['--dir <path>', 'where state lives (default: .sluice/<name>)'] as const;

const examples = `
Examples:
  $ sluice run gateway.yaml                       run until SIGTERM or Ctrl-C, state in .sluice/<name>
  $ sluice run gateway.yaml --dir /var/lib/sluice the same, state elsewhere
  $ sluice consume client.yaml --binding app --topic orders --from earliest --until latest --json
  $ sluice consume client.yaml --binding app --topic orders --from @2026-11-23T08:00:00Z --header kind=paid
  $ sluice consume cache.yaml --binding app --topic orders --from earliest       through a cache in .sluice/cache
  $ printf 'k:v\\n' | sluice produce client.yaml --binding app --topic orders --key-separator :
  $ sluice cache inspect .sluice/gateway/cache    what a cache has, while nothing runs
  $ sluice validate *.yaml                        say what is wrong, start nothing
  $ sluice schema > sluice.schema.json            for completion in an editor
  $ sluice graph gateway.yaml --format dot | dot -Tsvg > gateway.svg

Exit codes:
  0  all went well
  1  a server could not start, a stream failed or was cut off, or a record was refused
  2  the command line is not one
  3  a config has mistakes, or cannot be read
`;

/**
 * Runs one command line, without `node` and the script; answers the exit code.
 *
 * @param bindings operators that take the place of bindings which a file declares, for `consume` and `produce`
 */
export async function sluice(args: readonly string[], io: Io, bindings: Supplied = {}): Promise<number> {
  let code: number = exitCodes.ok;
  const program = new Command('sluice')
    .description('Reactive stream operators for Kafka, from a YAML file.')
    .version(io.version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .showHelpAfterError('(sluice --help shows examples)')
    .addHelpText('after', examples);

  program
    .command('run')
    .description('run the graph of a file')
    .argument('<file>', 'a config, in YAML or as a JavaScript module')
    .option(...dir)
    .option('--drain <seconds>', 'how long open streams get to finish after a signal', seconds, 10)
    .action(async (file, options) => {
      code = await run(file, options, io);
    });

  program
    .command('consume')
    .description('print the records of a topic: key, tab and value, or JSON')
    .argument('<file>', 'a config with a binding that takes kafka streams')
    .requiredOption('--binding <name>', 'the binding to read through')
    .requiredOption('--topic <name>', 'the topic')
    .requiredOption('--from <where>', 'earliest, latest, an offset, or @ and a time (ISO 8601, or ms since 1970)', from)
    .addOption(new Option('--until <where>', 'stop once level with the topic as it is now').choices(['latest']))
    .option('--partition <number>', 'only this partition', partition)
    .option('--key <key>', 'only records with this key')
    .option('--header <name=value>', 'only records with this header; all of them, if several', header)
    .option('--limit <records>', 'stop after so many', integer(1))
    .addOption(new Option('--isolation <level>', 'whether to show undecided and aborted records').choices(isolations))
    .option('--json', 'a JSON object a line')
    .option(...dir)
    .action(async (file, options) => {
      code = await consume(file, { ...options, bindings }, io);
    });

  program
    .command('produce')
    .description('send records to a topic, one for each line of standard input')
    .argument('<file>', 'a config with a binding that takes kafka streams')
    .requiredOption('--binding <name>', 'the binding to write through')
    .requiredOption('--topic <name>', 'the topic')
    .addOption(
      new Option('--key-separator <text>', 'what stands between key and value in a line')
        .argParser(separator)
        .conflicts('file'),
    )
    .addOption(
      new Option('--empty-as-null', 'an empty key or value is none, which makes a tombstone').conflicts('file'),
    )
    .option('--file <path>', 'send this file as one value instead')
    .option('--header <name=value>', 'a header of every record; may be repeated', header)
    .option('--partition <number>', 'where they go; by key or in turn by default', partition)
    .addOption(new Option('--acks <acks>', 'how many replicas must have a record (default: all)').choices(acks))
    .option(...dir)
    .action(async (file, options) => {
      code = await produce(file, { ...options, bindings }, io);
    });

  program
    .command('validate')
    .description('say what is wrong with files, and start nothing')
    .argument('<file...>', 'configs')
    .action(async (files: string[]) => {
      for (const file of files) if (!(await validate(file, io))) code = exitCodes.invalid;
    });

  program
    .command('schema')
    .description('print the JSON Schema of a config')
    .action(() => io.out(`${JSON.stringify(jsonSchema(), null, 2)}\n`));

  program
    .command('graph')
    .description('draw the graph of a file')
    .argument('<file>', 'a config')
    .addOption(new Option('--format <format>', 'the language to draw in').choices(formats).default('mermaid'))
    .action(async (file, { format }) => io.out(`${draw(await load(file, io), format)}\n`));

  const cache = program.command('cache').description('look at a cache or an embedded log that no process has open');
  const onDirectory = (name: string, description: string): Command =>
    cache
      .command(name)
      .description(description)
      .argument('<dir>', 'where it is: .sluice/<graph>/<binding>, unless --dir said otherwise')
      .option('--json', 'a JSON object');
  onDirectory('ls', 'list its topics').action(async (dir, options) => {
    code = await ls(dir, options, io);
  });
  onDirectory('inspect', 'show where its partitions stand: offsets, bytes, keys, what is to be cleaned')
    .option('--topic <name>', 'only this topic')
    .action(async (dir, options) => {
      code = await inspect(dir, options, io);
    });
  onDirectory('verify', 'look at every checksum').action(async (dir, options) => {
    code = await verifyCache(dir, options, io);
  });
  onDirectory('repair', 'make an embedded log open again').action(async (dir, options) => {
    code = await repairCache(dir, options, io);
  });
  onDirectory('clear', 'remove all that is in it')
    .option('--embedded', 'though it is an embedded log, the only copy of its topics')
    .action(async (dir, options) => {
      code = await clearCache(dir, options, io);
    });

  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    explain(thrown, io);
    return exitCodes.invalid;
  }
  return code;
}

async function validate(file: string, io: Io): Promise<boolean> {
  try {
    const { warnings } = await load(file, io);
    for (const warning of warnings) io.err(`${render(warning, pc.createColors(io.isTerminal))}\n`);
    io.out(`${file}: ok\n`);
    return true;
  } catch (thrown) {
    explain(thrown, io);
    return false;
  }
}
