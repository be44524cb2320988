import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Judge, openJudge } from '../broker/judge.ts';
import { until } from '../broker/until.ts';
import { describeKafka } from '../broker/use-kafka.ts';
import { Quickstart, unbuiltArguments } from '../graphs/quickstart/quickstart-process.ts';

describeKafka('the quickstart on a cluster', (kafka) => {
  let directory: string;
  let judge: Judge;
  let running: Quickstart;

  const started = (broker: string): Quickstart =>
    new Quickstart(unbuiltArguments(['--kafka', broker, '--port', '0', '--dir', directory]));

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-quickstart-'));
    judge = await openJudge(kafka.access);
    const [broker = ''] = kafka.access.bootstrap.PLAINTEXT;
    running = started(broker);
  });

  afterAll(async () => {
    await running?.stop();
    await judge?.close();
    rmSync(directory, { recursive: true });
  });

  it('makes the topics, writes what it sees, and serves it', async () => {
    const url = await running.url();
    const states = async () => {
      const latest = new Map<string, string | undefined>();
      for (const { key, value } of await judge.read('quickstart-processes')) latest.set(`${key}`, value?.toString());
      return latest;
    };
    const events = async () =>
      (await judge.read('quickstart-events')).map(({ key, value }) => [`${key}`, JSON.parse(`${value}`).event]);
    await until(async () => expect((await states()).size).toBeGreaterThan(1));
    expect((await judge.configs('quickstart-processes'))['cleanup.policy']).toBe('compact');
    expect((await judge.configs('quickstart-events'))['cleanup.policy']).toBe('delete');

    const child = spawn('sleep', ['1000']);
    const pid = `${child.pid}`;
    await until(async () => expect(JSON.parse((await states()).get(pid) ?? '{}')).toMatchObject({ name: 'sleep' }));
    child.kill();
    await until(async () => expect(await events()).toContainEqual([pid, 'exit']));
    await until(async () => {
      const found = await states();
      expect([found.has(pid), found.get(pid)]).toEqual([true, undefined]);
    });

    const aborting = new AbortController();
    const response = await fetch(`${url}/events`, { signal: aborting.signal });
    let text = '';
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      text += Buffer.from(chunk);
      if (text.includes(`"event":"exit","pid":${pid},`)) break;
    }
    aborting.abort();
    expect(text).toContain(`data:{"event":"start","pid":${pid},`);
  });

  it('says in a line that there is no broker', async () => {
    const lost = started('127.0.0.1:1');
    expect(await lost.ended).toBe(1);
    expect(lost.printed).toMatch(/^KAFKA_ERROR: 127\.0\.0\.1:1: .*ECONNREFUSED.*\n$/);
  });
});
