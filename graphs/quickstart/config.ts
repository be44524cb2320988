import { parse } from 'yaml';

/** The topics that are written to: the processes, compacted, and their starts and exits. */
export const PROCESSES = 'quickstart-processes';
export const EVENTS = 'quickstart-events';

/** A topic as the config names it. */
export interface Topic {
  readonly name: string;
  readonly partitions?: number;
  /** By Kafka's names. */
  readonly config?: Readonly<Record<string, string | number>>;
}

export interface Changed {
  /** A broker of a cluster, `host:port`, to write to and read from in place of the log on this machine. */
  readonly kafka?: string | undefined;
  /** Where to listen. */
  readonly port?: number | undefined;
}

/** What of `quickstart.yaml` is looked at here; the rest is the compiler's. */
interface Config {
  readonly bindings: {
    north_tcp_server: { options: { host: string; port: number } };
    log: object & { options: { topics?: readonly Topic[] } };
    [name: string]: object;
  };
}

/** The config of a YAML text with another port or log, and the topics that its log makes, if it is embedded. */
export function configOf(text: string, { kafka, port }: Changed): { config: object; topics: readonly Topic[] } {
  const config: Config = parse(text);
  const { bindings } = config;
  const { topics = [] } = bindings.log.options;
  if (port !== undefined) bindings.north_tcp_server.options.port = port;
  if (kafka === undefined) return { config, topics };
  const log = { type: 'kafka', kind: 'client', options: { servers: [kafka] }, exit: 'south_tcp_client' };
  return {
    config: { ...config, bindings: { ...bindings, log, south_tcp_client: { type: 'tcp', kind: 'client' } } },
    topics,
  };
}
