import { join } from 'node:path';
import { LISTENERS, type Listener, USERS } from './access.ts';

/** One broker of a cluster to be, combined with its controller. */
export interface BrokerPlan {
  /** 1 and up. */
  readonly id: number;
  readonly ports: Readonly<Record<Listener | 'CONTROLLER', number>>;
  /** The port told to PLAINTEXT clients: the listener's own, or that of the proxy before it. */
  readonly advertised: number;
  /** Holds `data` (the log), `server.properties` and `broker.log`. */
  readonly directory: string;
}

/** Server properties by name; they override what a cluster sets itself. */
export type Properties = Readonly<Record<string, string | number | boolean>>;

const SASL = 'org.apache.kafka.common.security';
const SCRAM = `${SASL}.scram.ScramLoginModule required;`;
const OAUTH = `${SASL}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`;
const PLAIN_USERS = Object.values(USERS).map(({ username, password }) => `user_${username}="${password}"`);

/** The text of `server.properties` for `plan`, one of `all`; `tls` is the directory of the certificates. */
export function serverProperties(plan: BrokerPlan, all: readonly BrokerPlan[], tls: string, extra: Properties): string {
  const settings = { ...identity(plan, all), ...replication(all.length), ...security(tls), ...QUICK, ...extra };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function identity({ id, ports, advertised, directory }: BrokerPlan, all: readonly BrokerPlan[]): Properties {
  const address = (name: Listener | 'CONTROLLER', port = ports[name]) => `${name}://127.0.0.1:${port}`;
  const advertise = LISTENERS.map((name) => address(name, name === 'PLAINTEXT' ? advertised : ports[name]));
  return {
    'node.id': id,
    'process.roles': 'broker,controller',
    'controller.quorum.voters': all.map((peer) => `${peer.id}@127.0.0.1:${peer.ports.CONTROLLER}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'INTERNAL',
    listeners: [...LISTENERS, 'CONTROLLER' as const].map((name) => address(name)).join(','),
    'advertised.listeners': advertise.join(','),
    'log.dirs': join(directory, 'data'),
  };
}

function replication(brokers: number): Properties {
  const copies = Math.min(brokers, 3);
  const atLeast = Math.max(1, copies - 1);
  return {
    'default.replication.factor': copies,
    'min.insync.replicas': atLeast,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': atLeast,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': atLeast,
  };
}

function security(tls: string): Properties {
  const map = LISTENERS.map((name) => `${name}:${name === 'INTERNAL' ? 'PLAINTEXT' : name}`);
  return {
    'listener.security.protocol.map': [...map, 'CONTROLLER:PLAINTEXT'].join(','),
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS;User:admin;User:CN=client',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(tls, 'server.pem'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(tls, 'ca.pem'),
    'listener.name.ssl.ssl.client.auth': 'requested',
    ...sasl('sasl_plaintext'),
    ...sasl('sasl_ssl'),
  };
}

function sasl(listener: string): Properties {
  const prefix = `listener.name.${listener}`;
  return {
    [`${prefix}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    [`${prefix}.plain.sasl.jaas.config`]: `${SASL}.plain.PlainLoginModule required ${PLAIN_USERS.join(' ')};`,
    [`${prefix}.scram-sha-256.sasl.jaas.config`]: SCRAM,
    [`${prefix}.scram-sha-512.sasl.jaas.config`]: SCRAM,
    [`${prefix}.oauthbearer.sasl.jaas.config`]: OAUTH,
  };
}

/** What a test would otherwise wait for: Kafka's defaults are seconds to minutes. */
const QUICK: Properties = {
  'auto.create.topics.enable': false,
  'broker.heartbeat.interval.ms': 500,
  'broker.session.timeout.ms': 4000,
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1000,
  'log.cleaner.backoff.ms': 200,
  'log.cleaner.dedupe.buffer.size': 8_388_608,
  'log.initial.task.delay.ms': 100,
  'log.retention.check.interval.ms': 500,
  'log.segment.delete.delay.ms': 100,
  'num.io.threads': 4,
  'num.network.threads': 2,
  'offsets.topic.num.partitions': 1,
  'share.coordinator.state.topic.num.partitions': 1,
  'transaction.state.log.num.partitions': 1,
};
