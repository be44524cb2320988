import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { jsonSchema, render } from '../../graphs/index.ts';
import { draw, formats } from './draw.ts';
import { exitCodes, type Io } from './io.ts';
import { explain, load } from './load.ts';
import { run } from './run.ts';

const examples = `
Examples:
  $ sluice run gateway.yaml                       run until SIGTERM or Ctrl-C, state in .sluice/<name>
  $ sluice run gateway.yaml --dir /var/lib/sluice the same, state elsewhere
  $ sluice validate *.yaml                        say what is wrong, start nothing
  $ sluice schema > sluice.schema.json            for completion in an editor
  $ sluice graph gateway.yaml --format dot | dot -Tsvg > gateway.svg

Exit codes:
  0  all went well
  1  a server could not start or failed, or streams had to be cut off
  2  the command line is not one
  3  a config has mistakes, or cannot be read
`;

/** Runs one command line, without `node` and the script; answers the exit code. */
export async function sluice(args: readonly string[], io: Io): Promise<number> {
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
    .option('--dir <path>', 'where state lives (default: .sluice/<name>)')
    .option('--drain <seconds>', 'how long open streams get to finish after a signal', seconds, 10)
    .action(async (file, options) => {
      code = await run(file, options, io);
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

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 86_400) return value;
  throw new InvalidArgumentError('It is a number of seconds, 0 to 86400.');
}
