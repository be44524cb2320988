import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { processesOfPs, processList, processOfStat } from '../../../graphs/quickstart/process-list.ts';
import { until } from '../../broker/until.ts';

describe('the processes of this machine', () => {
  it('have this one among them, with its memory, its CPU and when it began', async () => {
    const list = await processList();
    const own = (await list()).find(({ pid }) => pid === process.pid);
    expect(own?.name).toMatch(/\w/);
    expect(own?.memory).toBeGreaterThan(process.memoryUsage.rss() / 4);
    expect(own?.memory).toBeLessThan(process.memoryUsage.rss() * 4);
    const { user, system } = process.cpuUsage();
    expect(Math.abs((own?.cpuTime as number) - (user + system) / 1000)).toBeLessThan(1_000);
    // The boot time of a machine is known to a second.
    expect(Math.abs(Date.now() - process.uptime() * 1000 - (own?.began as number))).toBeLessThan(5_000);
  });

  it('have none of their arguments', async () => {
    const child = spawn('sleep', ['1234.5678']);
    const list = await processList();
    await until(async () =>
      expect(await list()).toContainEqual(expect.objectContaining({ pid: child.pid, name: 'sleep' })),
    );
    const text = JSON.stringify(await list());
    child.kill();
    expect(text).not.toContain('1234.5678');
  });

  it('have none that a process names itself with, either', async () => {
    const child = spawn(process.execPath, ['-e', "process.title = 'a secret=5'; setInterval(() => {}, 1000)"]);
    const list = await processList();
    const named = async () => (await list()).find(({ pid }) => pid === child.pid)?.name;
    await until(async () => expect(readFileSync(`/proc/${child.pid}/comm`, 'utf8')).toBe('a secret=5\n'));
    const name = await named();
    child.kill();
    expect(name).toBe(basename(process.execPath));
  });

  it('have no process that ended while they were read', async () => {
    const list = await processList();
    const children = Array.from({ length: 20 }, () => spawn('true'));
    const ended = children.map((child) => new Promise((done) => child.on('exit', done)));
    const looks = await Promise.all(Array.from({ length: 50 }, () => list()));
    await Promise.all(ended);
    expect(looks.every((look) => look.some(({ pid }) => pid === process.pid))).toBe(true);
    const last = new Set((await list()).map(({ pid }) => pid));
    expect(children.filter(({ pid }) => last.has(pid as number))).toEqual([]);
  });

  it('are read from what Linux says, whatever a process is named', () => {
    const units = { page: 4096, ticks: 100, boot: 1_000_000 };
    const stat = (name: string): string =>
      `4242 (${name}) S 1 4242 4242 0 -1 4194560 1 2 3 4 250 50 7 8 20 0 3 0 1500 118784000 1024 18446744073709551615\n`;
    for (const name of ['sleep', '(sd-pam)', 'a) b (c', 'Web Content'])
      expect(processOfStat(stat(name), units)).toEqual({
        pid: 4242,
        name,
        cpuTime: 3_000,
        memory: 4_194_304,
        began: 1_015_000,
      });
  });

  it('are read from what ps says on macOS', () => {
    const text = [
      '    1  14304   3:21.45 Mon Nov 23 08:00:00 2026     launchd',
      '  501   2048 1-02:03:04.00 Tue Nov 24 09:30:15 2026  Google Chrome Helper (Renderer)',
      '',
    ].join('\n');
    expect(processesOfPs(text)).toEqual([
      {
        pid: 1,
        name: 'launchd',
        cpuTime: 201_450,
        memory: 14_647_296,
        began: new Date(2026, 10, 23, 8).getTime(),
      },
      {
        pid: 501,
        name: 'Google Chrome Helper (Renderer)',
        cpuTime: 93_784_000,
        memory: 2_097_152,
        began: new Date(2026, 10, 24, 9, 30, 15).getTime(),
      },
    ]);
  });
});
