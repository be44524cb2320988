import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Quickstart, unbuiltArguments } from './quickstart-process.ts';

describe('the quickstart', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-quickstart-'));
  const started: Quickstart[] = [];
  const start = (...args: string[]): Quickstart => {
    const quickstart = new Quickstart(unbuiltArguments(args));
    started.push(quickstart);
    return quickstart;
  };

  afterAll(async () => {
    await Promise.all(started.map((quickstart) => quickstart.stop('SIGKILL')));
    rmSync(directory, { recursive: true });
  });

  it('writes the processes of this machine to a log, serves them, and stops at once', async () => {
    const running = start('--port', '0', '--dir', join(directory, 'a'));
    const url = await running.url();
    const aborting = new AbortController();
    const { body } = await fetch(`${url}/processes`, { signal: aborting.signal });
    let text = '';
    for await (const chunk of body as ReadableStream<Uint8Array>) {
      text += Buffer.from(chunk);
      if (text.includes(`data:{"pid":${process.pid},`)) break;
    }
    expect(running.printed).toContain(`curl -N ${url}/events`);
    const own = await fetch(`${url}/processes/${process.pid}`);
    expect(await own.json()).toMatchObject({ pid: process.pid, memory: expect.any(Number) });
    expect((await fetch(`${url}/processes/0`)).status).toBe(404);
    const { port } = new URL(url);

    const onSamePort = start('--port', port, '--dir', join(directory, 'b'));
    expect(await onSamePort.ended).toBe(1);
    expect(onSamePort.printed).toMatch(/^NET_LISTEN: cannot listen on 127\.0\.0\.1:\d+: .*\n$/);

    const inSameDirectory = start('--port', '0', '--dir', join(directory, 'a'));
    expect(await inSameDirectory.ended).toBe(1);
    expect(inSameDirectory.printed).toMatch(/\nCACHE_LOCKED: .*\n$/);

    // A client that stays does not hold it up.
    expect(await running.stop()).toBe(0);
    aborting.abort();
  });

  it.each([
    [['--port', 'x'], 1, /option '--port <number>' argument 'x' is invalid/],
    [
      ['--port', '70000'],
      1,
      /^error: option '--port <number>' argument '70000' is invalid\. It is a port, 0 to 65535\.\n$/,
    ],
    [
      ['--kafka', 'nowhere'],
      1,
      /^error: option '--kafka <host:port>' argument 'nowhere' is invalid\. It is host:port, /,
    ],
    [['--kafka', 'a:1,b:x'], 1, /argument 'a:1,b:x' is invalid/],
  ])('says what is wrong with %j', async (args, code, message) => {
    const wrong = start(...args, '--dir', join(directory, 'c'));
    expect(await wrong.ended).toBe(code);
    expect(wrong.printed).toMatch(message);
  });
});
