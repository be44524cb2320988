import { type Access, LEASE } from './access.ts';
import { missing } from './requirements.ts';

const FIRST_USE = 660_000;

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
  unlessMissing(name, () => {
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
  unlessMissing(name, tests);
}

function unlessMissing(name: string, tests: () => void): void {
  const reason = missing();
  if (reason === undefined) {
    describe(name, tests);
    return;
  }
  if (process.env.CI === 'true') {
    test(`${name} needs a Kafka`, () => {
      throw new Error(`${reason}; with CI=true the tests that need a Kafka must run`);
    });
    return;
  }
  console.warn(`DID NOT RUN: "${name}" needs a genuine Kafka, and this machine cannot run one: ${reason}.`);
  describe.skip(`${name} [DID NOT RUN: ${reason}]`, tests);
}

async function lease(): Promise<Access> {
  const url = process.env[LEASE];
  if (url === undefined) throw new Error("jest's globalSetup must be test/broker/jest-setup.ts");
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Access;
}
