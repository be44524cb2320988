import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';

const ca = join(mkdtempSync(join(tmpdir(), 'sluice-graphs-')), 'ca.pem');
writeFileSync(ca, rootCertificates[0] ?? '');

/** What the example graphs read of the environment. */
export const exampleEnv = {
  PROXY_HOST: 'localhost',
  PROXY_PORT: '7443',
  KAFKA_BOOTSTRAP_SERVER: 'localhost:9092',
  KAFKA_USERNAME: 'alice',
  KAFKA_PASSWORD: 'a-secret',
  KAFKA_CA: ca,
};
