import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch } from '../broker/jvm.ts';
import { until } from '../broker/until.ts';

describe('a process launched as a broker', () => {
  const before = process.env.SLUICE_JAVA;
  beforeAll(() => {
    process.env.SLUICE_JAVA = 'sleep';
  });
  afterAll(() => {
    if (before === undefined) delete process.env.SLUICE_JAVA;
    else process.env.SLUICE_JAVA = before;
  });

  function launched() {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-watchdog-'));
    return { directory, child: launch(['60'], openSync('/dev/null', 'w'), directory) };
  }

  it('should be killed and its data removed when the process that started it is gone', async () => {
    const { directory, child } = launched();
    // However this process ended, the kernel would close its end of the pipe, as this does.
    child.stdin!.destroy();
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    await until(async () => expect(existsSync(directory)).toBe(false));
  });

  it('should leave its data when it ends by itself, for it may be started again', async () => {
    const { directory, child } = launched();
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
    expect(existsSync(directory)).toBe(true);
    rmdirSync(directory);
  });
});
