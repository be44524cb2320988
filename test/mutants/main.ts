import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../broker/root.ts';
import { type Mutant, mutants } from './mutants.ts';

const TIME_LIMIT_MS = 15_000;
const root = packageRoot();
const dist = join(root, 'dist');
const place = join(dist, 'mutants');

/** The laws that the suite finds broken in this mutant; empty if it survives. */
function brokenBy({ file, line, becomes, specs }: Mutant): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  const lines = source.split('\n');
  const places = lines.flatMap((text, index) => (text.trim() === line ? [index] : []));
  if (places.length !== 1) throw new Error(`${file} has this line ${places.length} times: ${line}`);
  lines[places[0] as number] = becomes;
  const { outputText } = ts.transpileModule(lines.join('\n'), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      rewriteRelativeImportExtensions: true,
    },
  });
  const compiled = join(place, file.replace(/\.ts$/, '.js'));
  const original = readFileSync(compiled);
  writeFileSync(compiled, outputText);
  const { stdout, status } = spawnSync(process.execPath, [join(place, 'test/mutants/suite.js'), ...specs], {
    encoding: 'utf8',
    timeout: TIME_LIMIT_MS,
  });
  writeFileSync(compiled, original);
  const said = stdout.trim().split('\n');
  const broken = said.filter((text) => text.startsWith('!'));
  // A law that never ends, or takes the process with it, is broken as well.
  if (status !== 0) broken.push(`${said.at(-1)} (never ended)`);
  return [...new Set(broken.map((text) => text.replace(/^.*?: /, '')))];
}

rmSync(place, { recursive: true, force: true });
for (const part of ['src', 'operators', 'test/src', 'test/properties', 'test/mutants']) {
  mkdirSync(join(place, part), { recursive: true });
  cpSync(join(dist, part), join(place, part), { recursive: true });
}
let survivors = 0;
for (const mutant of mutants) {
  const laws = brokenBy(mutant);
  if (laws.length === 0) survivors += 1;
  console.log(
    `${laws.length === 0 ? 'SURVIVED' : 'killed'}  ${mutant.file}: ${mutant.line}  ->  ${mutant.becomes || '(nothing)'}`,
  );
  for (const law of laws) console.log(`          broken: ${law}`);
}
rmSync(place, { recursive: true, force: true });
console.log(`\n${mutants.length} mutants, ${mutants.length - survivors} killed, ${survivors} survived`);
process.exitCode = survivors === 0 ? 0 : 1;
