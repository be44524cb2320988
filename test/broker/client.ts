import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';
import { type Access, type Listener, type Mechanism, USERS, type User, unsecuredToken } from './access.ts';

export interface ClientOptions {
  /** Default PLAINTEXT. */
  readonly listener?: Listener;
  /** Default PLAIN; used by the SASL listeners alone. */
  readonly mechanism?: Mechanism;
  /** Default admin; used by the SASL listeners alone. */
  readonly user?: User;
  /** Gives the client certificate on a TLS listener, to be `CN=client`. Default false. */
  readonly certificate?: boolean;
  /** Anything of kafkajs's own, over what the above sets. */
  readonly config?: Partial<KafkaConfig>;
}

/** kafkajs's client for a cluster, silent: what fails, its caller is told by a rejection. */
export function kafkaClient(access: Access, options: ClientOptions = {}): Kafka {
  const { listener = 'PLAINTEXT', mechanism = 'PLAIN', user = 'admin', certificate = false, config } = options;
  const secure = listener === 'SSL' || listener === 'SASL_SSL';
  return new Kafka({
    brokers: [...access.bootstrap[listener]],
    logLevel: logLevel.NOTHING,
    ...(secure && { ssl: { ca: access.tls.ca, ...(certificate && access.tls.client) } }),
    ...(listener.startsWith('SASL_') && { sasl: credentials(mechanism, user) }),
    ...config,
  });
}

function credentials(mechanism: Mechanism, user: User): SASLOptions {
  switch (mechanism) {
    case 'PLAIN':
      return { mechanism: 'plain', ...USERS[user] };
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256', ...USERS[user] };
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512', ...USERS[user] };
    case 'OAUTHBEARER':
      return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: unsecuredToken(user) }) };
  }
}
