import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jsonSchema } from '../../graphs/index.ts';
import { sluice } from '../../src/cli/program.ts';
import { fakeIo as fake } from './fake-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
const graphs = join(__dirname, '../../graphs');
const broken = join(__dirname, '../graphs/broken');
const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

async function answer(...args: string[]) {
  const { said, io } = fake();
  return { code: await sluice(args, io), ...said };
}

describe('sluice', () => {
  it('shows its version and help with examples and exit codes', async () => {
    expect(await answer('--version')).toMatchObject({ code: 0, out: '1.2.3\n' });
    const { code, out } = await answer('--help');
    expect(code).toBe(0);
    expect(out).toMatch(/Examples:[\s\S]*sluice run gateway\.yaml[\s\S]*Exit codes:/);
  });

  it.each([
    [['rn']],
    [['run']],
    [['graph', 'x.yaml', '--format', 'png']],
    [['run', 'x.yaml', '--drain', 'soon']],
    [[]],
  ])('answers 2 to %j', async (args) => {
    const { code, err } = await answer(...args);
    expect(code).toBe(2);
    expect(err).not.toBe('');
  });

  it('prints the schema', async () => {
    const { code, out } = await answer('schema');
    expect([code, JSON.parse(out)]).toEqual([0, jsonSchema()]);
  });
});

describe('sluice validate', () => {
  it('answers 0 when every file is right', async () => {
    const files = ['echo.yaml', 'proxy.yaml'].map((file) => join(graphs, file));
    expect(await answer('validate', ...files)).toMatchObject({
      code: 0,
      out: files.map((file) => `${file}: ok\n`).join(''),
      err: '',
    });
  });

  it('tells what is wrong in all files, and answers 3', async () => {
    const files = [join(broken, 'type-misspelled.yaml.txt'), join(graphs, 'echo.yaml'), join(folder, 'nowhere.yaml')];
    const { code, out, err } = await answer('validate', ...files);
    expect([code, out]).toEqual([3, `${files[1]}: ok\n`]);
    expect(err).toContain(`${files[0]}:5:11 error CONFIG_UNKNOWN_TYPE: no binding is of type \`tpc\``);
    expect(err).toContain('CLI_FILE');
  });

  it('tells warnings, and answers 0', async () => {
    const { code, err } = await answer('validate', join(broken, 'unreachable.yaml.txt'));
    expect(code).toBe(0);
    expect(err).toContain('warning CONFIG_UNREACHABLE');
  });

  it('refuses what is too large or not text', async () => {
    expect((await answer('validate', write('large.yaml', 'a: b\n'.repeat(2_000_000)))).err).toContain(
      'CONFIG_TOO_LARGE',
    );
    writeFileSync(join(folder, 'junk.yaml'), Buffer.from([0xff, 0xfe, 0x00, 0x41]));
    expect((await answer('validate', join(folder, 'junk.yaml'))).err).toContain('CONFIG_SYNTAX: this is not UTF-8');
    expect((await answer('validate', folder)).err).toContain('CLI_FILE');
  });
});

describe('sluice graph', () => {
  const file = write(
    'routed.yaml',
    "name: routed\nbindings:\n  in:\n    type: tcp\n    kind: server\n    options: {port: 1}\n    routes:\n      - when: [{authority: 'a\"b'}]\n        exit: out\n    exit: out\n  out: {type: echo, kind: server}\n",
  );

  it('draws in mermaid', async () => {
    expect(await answer('graph', file)).toMatchObject({
      code: 0,
      out: [
        'flowchart LR',
        '  n0["in<br/>tcp server"]',
        '  n1["out<br/>echo server"]',
        '  n0 -->|"net<br/>when authority a#34;b"| n1',
        '  n0 -->|"net"| n1',
        '',
      ].join('\n'),
    });
  });

  it('draws in dot', async () => {
    const { out } = await answer('graph', file, '--format', 'dot');
    expect(out).toContain('digraph "routed" {');
    expect(out).toContain('n0 -> n1 [label="net\\nwhen authority a\\"b"];');
  });

  it('draws conditions that are mappings', async () => {
    const { out } = await answer('graph', join(graphs, 'quickstart.yaml'), '--format', 'dot');
    expect(out).toContain('[label="http\\nwhen headers :path /processes/*"]');
  });

  it('answers 3 for a file with mistakes', async () => {
    expect(await answer('graph', join(broken, 'type-misspelled.yaml.txt'))).toMatchObject({ code: 3, out: '' });
  });
});

describe('sluice run', () => {
  const file = write('echo.yaml', readFileSync(join(graphs, 'echo.yaml'), 'utf8').replace('7114', '0'));

  it('runs until a signal, lets streams finish, and answers 0', async () => {
    const { io, said, signal, until } = fake();
    const listening = until(/127\.0\.0\.1:(\d+)/);
    const running = sluice(['run', file], io);
    const [, port] = await listening;
    const socket = createConnection({ host: '127.0.0.1', port: Number(port) });
    const heard = new Promise<string>((done) => socket.once('data', (chunk) => done(String(chunk))));
    socket.write('before');
    expect(await heard).toBe('before');

    signal('SIGTERM');
    const rest = new Promise<string>((done) => {
      let text = '';
      socket.on('data', (chunk) => (text += chunk)).on('end', () => done(text));
    });
    socket.end('after');
    expect(await rest).toBe('after');
    expect(await running).toBe(0);
    expect(said.exits).toEqual([]);
    expect(
      said.err
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).msg),
    ).toEqual(expect.arrayContaining(['echo runs', 'closed', 'echo stopped']));
  });

  it('ends at once on a second signal', async () => {
    const { io, said, signal, until } = fake(true);
    const listening = until(/127\.0\.0\.1:(\d+)/);
    const running = sluice(['run', file], io);
    const [, port] = await listening;
    const socket = createConnection({ host: '127.0.0.1', port: Number(port) });
    await new Promise((done) => socket.once('data', done).write('x'));
    signal('SIGINT');
    expect(said.exits).toEqual([]);
    signal('SIGINT');
    expect(said.exits).toEqual([1]);
    socket.destroy();
    expect(await running).toBe(0);
  });

  it('cuts off what does not finish in time', async () => {
    const { io, said, signal, until } = fake();
    const listening = until(/127\.0\.0\.1:(\d+)/);
    const late = until(/CLI_DRAIN/);
    const running = sluice(['run', file, '--drain', '0.05'], io);
    const [, port] = await listening;
    const socket = createConnection({ host: '127.0.0.1', port: Number(port) });
    await new Promise((done) => socket.once('data', done).write('x'));
    signal('SIGTERM');
    await late;
    expect(said.exits).toEqual([1]);
    socket.destroy();
    await running;
  });

  it('answers 1 when a server cannot listen', async () => {
    const { io, said } = fake();
    const nowhere = write('nowhere.yaml', readFileSync(file, 'utf8').replace('127.0.0.1', '192.0.2.1'));
    expect(await sluice(['run', nowhere], io)).toBe(1);
    expect(said.err).toContain('NET_LISTEN');
    // A fault is told in a line: where in this program it came up helps nobody.
    expect(said.err).not.toContain('    at ');
  });

  it('refuses a graph in which nothing runs of its own, and answers 3', async () => {
    const idle = 'name: idle\nbindings:\n  log: { type: kafka, kind: embedded, options: { topics: [{ name: t }] } }\n';
    const { code, err } = await answer('run', write('idle.yaml', idle));
    expect(code).toBe(3);
    expect(err).toMatch(/^CONFIG_IDLE: .*idle\.yaml: it has no server.*`sluice consume`/);
    const empty = await answer('run', write('empty.yaml', 'name: empty\nbindings: {}\n'));
    expect(empty).toMatchObject({ code: 3, err: expect.stringMatching(/^CONFIG_IDLE: .*`bootstrap`\n$/) });
  });

  it('runs a graph without a server that keeps topics fresh', async () => {
    const { io, said, signal, until } = fake();
    const ready = until(/items is level with its source/);
    const running = sluice(['run', join(graphs, 'embedded.yaml'), '--dir', join(folder, 'fresh')], io);
    await ready;
    signal('SIGTERM');
    expect(await running).toBe(0);
    expect(said.err).toContain('embedded stopped');
  });

  it('starts nothing while there is a mistake, and answers 3', async () => {
    const { io, said } = fake();
    expect(await sluice(['run', join(broken, 'many-at-once.yaml.txt')], io)).toBe(3);
    expect(said.err).not.toContain('runs');
  });
});
