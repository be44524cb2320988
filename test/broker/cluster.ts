import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Access, LISTENERS, type Listener } from './access.ts';
import { Broker } from './broker.ts';
import { makeCertificates } from './certificates.ts';
import { type ChaosProxy, startProxy } from './chaos-proxy.ts';
import { classPath } from './install.ts';
import { javaArguments } from './jvm.ts';
import { freePorts } from './ports.ts';
import { type BrokerPlan, type Properties, serverProperties } from './properties.ts';
import { formatStorage } from './storage.ts';

export interface ClusterOptions {
  /** Default 1. */
  readonly brokers?: 1 | 3;
  /** Server properties over the cluster's own, such as `{ 'auto.create.topics.enable': true }`. Default none. */
  readonly properties?: Properties;
  /** Puts a chaos proxy before each broker's PLAINTEXT listener, and has it advertised to clients. Default false. */
  readonly proxied?: boolean;
  /** The most heap of each broker, as `java -Xmx` takes it. Default `512m`. */
  readonly heap?: string;
}

/** A running cluster. `bootstrap` leads through the proxies, where there are any. */
export interface Cluster extends Access {
  /** Ascending by id, from 1. */
  readonly brokers: readonly Broker[];
  /** Ends every broker and proxy and removes the data. */
  stop(): Promise<void>;
}

type Plans = readonly [BrokerPlan, ...BrokerPlan[]];

/**
 * Starts a genuine Kafka on free ports of 127.0.0.1, and resolves when every broker answers and knows the others.
 * Nothing outlives this process, however it ends. The first start on a machine fetches the jars.
 * @throws Error with the tail of the log of the broker that did not start; nothing is left running then.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { brokers: count = 1, properties = {}, proxied = false, heap = '512m' } = options;
  const jars = await classPath();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-kafka-'));
  const brokers: Broker[] = [];
  const proxies: ChaosProxy[] = [];

  async function stop(): Promise<void> {
    await Promise.all([...brokers.map((broker) => broker.kill()), ...proxies.map((proxy) => proxy.close())]);
    await rm(directory, { recursive: true, force: true });
  }

  try {
    const ports = await choosePorts(count);
    if (proxied) proxies.push(...(await Promise.all(ports.map(({ PLAINTEXT }) => startProxy({ port: PLAINTEXT })))));
    const plans = ports.map((own, index) => ({
      id: index + 1,
      ports: own,
      advertised: proxies[index]?.port ?? own.PLAINTEXT,
      directory: join(directory, `${index + 1}`),
    })) as unknown as Plans;

    await writeProperties(plans, directory, properties);
    const [tls] = await Promise.all([makeCertificates(directory), formatStorage(plans)]);

    for (const [index, plan] of plans.entries()) {
      const java = javaArguments(jars, heap, 'kafka.Kafka', [join(plan.directory, 'server.properties')]);
      brokers.push(new Broker(plan, java, directory, proxies[index]));
    }
    const ids = brokers.map(({ id }) => id);
    await Promise.all(brokers.map((broker) => broker.start(ids)));
    return { bootstrap: bootstrap(plans), tls, brokers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function choosePorts(brokers: number): Promise<BrokerPlan['ports'][]> {
  const names = [...LISTENERS, 'CONTROLLER'] as const;
  const ports = await freePorts(brokers * names.length);
  return Array.from({ length: brokers }, (_, index) => {
    const own = names.map((name, n) => [name, ports[index * names.length + n]]);
    return Object.fromEntries(own) as BrokerPlan['ports'];
  });
}

async function writeProperties(plans: Plans, tls: string, extra: Properties): Promise<void> {
  for (const plan of plans) {
    await mkdir(plan.directory);
    await writeFile(join(plan.directory, 'server.properties'), serverProperties(plan, plans, tls, extra));
  }
}

function bootstrap(plans: Plans): Access['bootstrap'] {
  const port = (plan: BrokerPlan, name: Listener) => (name === 'PLAINTEXT' ? plan.advertised : plan.ports[name]);
  const addresses = (name: Listener) => plans.map((plan) => `127.0.0.1:${port(plan, name)}`);
  return Object.fromEntries(LISTENERS.map((name) => [name, addresses(name)])) as unknown as Access['bootstrap'];
}
