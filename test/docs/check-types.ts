import { join } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../broker/root.ts';
import type { Block } from './blocks.ts';

/** What the compiler has to say of blocks of TypeScript, by page and line, under the options of the project. */
export function typeErrors(blocks: readonly Block[]): string[] {
  const root = packageRoot();
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const names = blocks.map((_, index) => join(root, 'test', 'docs', `block-${index}.ts`));
  const texts = new Map(names.map((name, index) => [name, `${blocks[index]?.text}\nexport {};\n`]));
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (name) => texts.get(name) ?? readFile(name);
  host.fileExists = (name) => texts.has(name) || fileExists(name);
  host.getSourceFile = (name, language, ...rest) => {
    const text = texts.get(name);
    return text === undefined ? getSourceFile(name, language, ...rest) : ts.createSourceFile(name, text, language);
  };
  const program = ts.createProgram(
    names,
    { ...options, typeRoots: [join(root, 'node_modules/@types')], noEmit: true, noUnusedLocals: false },
    host,
  );
  return names.flatMap((name, index) => {
    const file = program.getSourceFile(name);
    const block = blocks[index] as Block;
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((found) => {
      const line = block.line + ts.getLineAndCharacterOfPosition(file as ts.SourceFile, found.start ?? 0).line;
      return `${block.page}:${line} ${ts.flattenDiagnosticMessageText(found.messageText, ' ')}`;
    });
  });
}
