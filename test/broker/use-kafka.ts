import { unlessMissing } from '../unless-missing.ts';
import { type Access, LEASE } from './access.ts';
import { missing } from './requirements.ts';

const FIRST_USE = 660_000;

const NEED = 'a genuine Kafka';

/** The run's cluster, to be used within hooks and tests: until `beforeAll` has run there is none. */
export interface SharedKafka {
  readonly access: Access;
}

/**
 * A `describe` for tests that need a Kafka. The first use in a run starts the one cluster that all its workers share
 * (one broker, no topics made by themselves); it stops when the run ends. Keep topics, groups and so on apart by name.
 * On a machine that cannot run a broker the tests are skipped loudly, and with `CI` set to `true` they fail.
 */
export function describeKafka(name: string, tests: (kafka: SharedKafka) => void): void {
  unlessMissing(NEED, missing(), name, () => {
    let access: Access | undefined;
    beforeAll(async () => {
      access = await lease();
    }, FIRST_USE);
    tests({
      get access() {
        if (access === undefined) throw new Error('the cluster is there only once beforeAll has run');
        return access;
      },
    });
  });
}

/** As `describeKafka`, for tests that start clusters of their own with `startCluster`. */
export function describeOwnKafka(name: string, tests: () => void): void {
  unlessMissing(NEED, missing(), name, tests);
}

async function lease(): Promise<Access> {
  const url = process.env[LEASE];
  if (url === undefined) throw new Error("jest's globalSetup must be test/broker/jest-setup.ts");
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Access;
}
