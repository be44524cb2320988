import { spawnSync } from 'node:child_process';
import { sourceArguments } from './cli/process.ts';

it('should write and read a topic without a broker', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, sourceArguments('test/demo.ts', []), {
    encoding: 'utf8',
    env: { ...process.env, SLUICE_JAVA: '/nonexistent/java' },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '3 records acknowledged\n' });
  const records = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  expect(records.map(({ key, value }) => `${key}:${value}`).toSorted()).toEqual(['apples:4', 'pears:5']);
});
