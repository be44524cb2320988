import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { jsonSchema } from '../../graphs/index.ts';

/** The library is a module, which jest does not load, so it is asked in a process of its own. */
const script = `
import { getLanguageService } from 'yaml-language-server';
import { TextDocument } from 'vscode-languageserver-textdocument';
const { schema, questions } = JSON.parse(await new Promise((done) => {
  let text = '';
  process.stdin.on('data', (chunk) => (text += chunk)).on('end', () => done(text));
}));
const none = () => {};
const service = getLanguageService({
  schemaRequestService: async () => '',
  workspaceContext: { resolveRelativePath: (path) => path },
  telemetry: { send: none, sendError: none, sendTrack: none },
});
service.configure({ completion: true, hover: true, validate: true, schemas: [{ uri: 'sluice://schema', fileMatch: ['*.yaml'], schema }] });
const answers = [];
for (const [index, { text, line, character }] of questions.entries()) {
  const document = TextDocument.create('file:///' + index + '.yaml', 'yaml', 1, text);
  const { items } = await service.doComplete(document, { line, character }, false);
  answers.push(items.map(({ label }) => label));
}
process.stdout.write(JSON.stringify(answers));
`;

/** What an editor offers at the `|` of each text. */
function complete(...texts: string[]): string[][] {
  const questions = texts.map((marked) => {
    const before = marked.slice(0, marked.indexOf('|')).split('\n');
    return { text: `${marked.replace('|', '')}\n`, line: before.length - 1, character: before.at(-1)?.length };
  });
  const input = JSON.stringify({ schema: jsonSchema(), questions });
  const answer = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    input,
    encoding: 'utf8',
    cwd: join(__dirname, '../..'),
  });
  return JSON.parse(answer);
}

describe('an editor with the YAML language server', () => {
  it('completes sections, types, kinds, options and their values', () => {
    const binding = 'name: gateway\nbindings:\n  in:\n';
    const [sections, types, kinds, options, values, keys] = complete(
      'name: gateway\n|',
      `${binding}    type: |`,
      `${binding}    type: tls\n    kind: |`,
      `${binding}    type: tcp\n    kind: server\n    exit: out\n    options:\n      |`,
      `${binding}    type: tls\n    kind: server\n    exit: out\n    options:\n      mutual: |`,
      `${binding}    type: tls\n    kind: client\n    |`,
    );
    expect(sections).toEqual(expect.arrayContaining(['bindings', 'vaults', 'telemetry']));
    expect(types).toEqual(expect.arrayContaining(['tcp', 'tls', 'echo']));
    expect(kinds?.sort()).toEqual(['client', 'server']);
    expect(options).toEqual(expect.arrayContaining(['host', 'port']));
    expect(values).toEqual(expect.arrayContaining(['required', 'requested', 'none']));
    expect(keys).toEqual(expect.arrayContaining(['vault', 'options', 'routes', 'exit']));
  });
});
