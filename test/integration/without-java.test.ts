import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../broker/root.ts';

/** Runs one of the tests that need a broker in a jest of its own, on a machine without Java as far as it can see. */
function jestWithoutJava(ci: string | undefined) {
  const args = [join(packageRoot(), 'node_modules/jest/bin/jest.js'), 'test/integration/three-brokers.test.ts'];
  const { CI, JEST_WORKER_ID, ...others } = process.env;
  const env = { ...others, SLUICE_JAVA: '/nonexistent/java', ...(ci !== undefined && { CI: ci }) };
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args, '--json'], {
    cwd: packageRoot(),
    env,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

describe('where there is no Java', () => {
  it('should skip what needs a broker loudly, and pass', () => {
    const { status, output } = jestWithoutJava(undefined);
    expect(output).toContain('DID NOT RUN: "three brokers" needs a genuine Kafka');
    expect(output).toContain("three brokers [DID NOT RUN: no Java: '/nonexistent/java' does not run] should");
    expect(output).toContain('"numPassedTests":0');
    expect(status).toBe(0);
  });

  it('should fail in CI', () => {
    const { status, output } = jestWithoutJava('true');
    expect(output).toContain('with CI=true the tests that need a genuine Kafka must run');
    expect(status).toBe(1);
  });
});
