import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Process, root, sluiceArguments } from './process.ts';

/** A config whose binding `app` is a topic of 1 KB records without end; what it is sent it never answers. */
const file = join(mkdtempSync(join(tmpdir(), 'sluice-topic-')), 'endless.mjs');
writeFileSync(
  file,
  `import { dataOf, FakeKafka, recordOf } from ${JSON.stringify(String(pathToFileURL(join(root, 'test/cli/fake-kafka.ts'))))};
const value = 'x'.repeat(1_000);
function* endless() {
  for (let offset = 0; ; offset += 50) {
    yield dataOf(...Array.from({ length: 50 }, (_, index) => recordOf(offset + index, value)));
  }
}
// As the sockets of a client would, it keeps the process.
setInterval(() => {}, 1_000);
const kafka = new FakeKafka({ sends: endless(), window: 100_000, credits: false });
export default { name: 'endless', bindings: { app: kafka.binding } };
`,
);
const topic = [file, '--binding', 'app', '--topic', 't'];
const consume = ['consume', ...topic, '--from', 'earliest'];

const quoted = (args: readonly string[]): string => args.map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`).join(' ');
const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** What a process holds in memory, in MB. */
function residentMb({ child }: Process): number {
  const [, kb] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
  return Number(kb) / 1024;
}

describe('sluice consume, as a process', () => {
  let running: Process | undefined;
  afterEach(() => running?.child.kill('SIGKILL'));

  it('ends with 0, and without a word, when head has enough', async () => {
    const command = `${quoted([process.execPath, ...sluiceArguments([...consume, '--json'])])} | head -n 3; echo "\${PIPESTATUS[0]}"`;
    const shell = spawn('bash', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    shell.stdout.on('data', (chunk) => (out += chunk));
    shell.stderr.on('data', (chunk) => (err += chunk));
    await new Promise((done) => shell.on('close', done));
    const lines = out.trim().split('\n');
    expect(lines.slice(0, 3).map((line) => JSON.parse(line).offset)).toEqual([0, 1, 2]);
    expect([lines[3], err]).toEqual(['0', '']);
  });

  it('stays small while nobody reads its output, and is ended by a second signal', async () => {
    running = new Process(consume, {}, ['ignore', 'pipe']);
    await wait(3_000);
    const before = residentMb(running);
    await wait(2_000);
    expect(residentMb(running) - before).toBeLessThan(20);
    running.child.kill('SIGINT');
    await wait(500);
    expect(running.child.exitCode).toBe(null);
    running.child.kill('SIGINT');
    expect(await running.ended).toEqual([null, 'SIGINT']);
  });

  it('prints whole records up to the signal that ends it, and answers 0', async () => {
    running = new Process([...consume, '--json'], {}, ['ignore', 'pipe']);
    let out = '';
    running.child.stdout?.on('data', (chunk) => {
      if (out === '') running?.child.kill('SIGTERM');
      out += chunk;
    });
    expect(await running.ended).toEqual([0, null]);
    const offsets = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).offset);
    expect(offsets).toEqual(offsets.map((_, index) => index));
  });
});

describe('sluice', () => {
  it.each([['schema'], consume])(
    'answers 1, and says why once, when its output cannot be written: %s',
    async (...args) => {
      const command = `${quoted([process.execPath, ...sluiceArguments(args)])} > /dev/full`;
      const shell = spawn('bash', ['-c', command], { stdio: ['ignore', 'ignore', 'pipe'] });
      let err = '';
      shell.stderr.on('data', (chunk) => (err += chunk));
      const code = await new Promise((done) => shell.on('close', done));
      expect([code, err]).toEqual([1, expect.stringMatching(/^CLI_OUTPUT: standard output: ENOSPC.*\n$/)]);
    },
    30_000,
  );
});

describe('sluice produce, as a process', () => {
  let running: Process | undefined;
  afterEach(() => running?.child.kill('SIGKILL'));

  it('reads no more of standard input than there is credit for', async () => {
    running = new Process(['produce', ...topic], {}, ['pipe', 'ignore']);
    const block = Buffer.from(`${'x'.repeat(999)}\n`.repeat(64));
    const { stdin } = running.child;
    let written = 0;
    const write = (): void => {
      while (stdin?.write(block)) written += block.length;
    };
    stdin?.on('drain', write).on('error', () => {});
    write();
    await wait(4_000);
    expect(running.err).toBe('');
    expect(written).toBeLessThan(2_000_000);
    expect(residentMb(running)).toBeLessThan(250);
  });
});
