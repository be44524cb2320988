import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { USERS } from './access.ts';
import type { BrokerPlan } from './properties.ts';
import { tool } from './tool.ts';

/** Formats the brokers' data directories as one cluster that knows the SCRAM secrets of the test users. */
export async function formatStorage(plans: readonly [BrokerPlan, ...BrokerPlan[]]): Promise<void> {
  const [first, ...others] = plans;
  const cluster = uuid();
  const secrets = Object.values(USERS).flatMap(({ username, password }) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((m) => ['--add-scram', `${m}=[name=${username},password=${password}]`]),
  );
  await tool('kafka-storage', ['format', '-t', cluster, '-c', join(first.directory, 'server.properties'), ...secrets]);
  // Every broker starts from the same records, and a JVM for each would be what a cluster's start waits for.
  await Promise.all(others.map((plan) => copyFormat(first, plan, cluster)));
}

async function copyFormat(from: BrokerPlan, to: BrokerPlan, cluster: string): Promise<void> {
  const [source, target] = [join(from.directory, 'data'), join(to.directory, 'data')];
  await mkdir(target);
  await copyFile(join(source, 'bootstrap.checkpoint'), join(target, 'bootstrap.checkpoint'));
  const meta = `version=1\ncluster.id=${cluster}\nnode.id=${to.id}\ndirectory.id=${uuid()}\n`;
  await writeFile(join(target, 'meta.properties'), meta);
}

/** 16 random bytes as Kafka writes them: base64url, and never a leading dash, which would look like an option. */
function uuid(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, 'A');
}
