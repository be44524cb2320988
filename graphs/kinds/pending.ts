import type { Kind, Speaks } from '../kind.ts';

const known = (type: string, kind: string, entry: Speaks, exit: Speaks): Kind => ({
  type,
  kind,
  about: 'known, but not honoured by this build',
  entry,
  exit,
});

/** Kinds of the format that this build knows by name, and refuses. One that becomes makeable hides its line here. */
export const pending: readonly Kind[] = [
  known('tls', 'proxy', 'net', 'net'),
  known('http', 'client', 'http', 'net'),
  known('sse', 'client', 'sse', 'http'),
  known('http-kafka', 'proxy', 'http', 'kafka'),
  known('kafka', 'cache_client', 'kafka', 'kafka'),
  known('kafka', 'cache_server', 'kafka', 'kafka'),
  known('kafka', 'client', 'kafka', 'net'),
  known('kafka', 'embedded', 'kafka', 'none'),
  known('ws', 'server', 'http', 'unknown'),
  known('ws', 'client', 'unknown', 'http'),
  known('proxy', 'server', 'net', 'net'),
  known('proxy', 'client', 'net', 'net'),
  known('fan', 'server', 'unknown', 'unknown'),
  known('amqp', 'server', 'net', 'unknown'),
  known('mqtt', 'server', 'net', 'unknown'),
  known('mqtt', 'client', 'unknown', 'net'),
  known('mqtt-kafka', 'proxy', 'unknown', 'kafka'),
  known('grpc', 'server', 'http', 'unknown'),
  known('grpc', 'client', 'unknown', 'http'),
  known('grpc-kafka', 'proxy', 'unknown', 'kafka'),
  known('kafka-grpc', 'remote_server', 'none', 'unknown'),
  known('kafka-proxy', 'proxy', 'net', 'net'),
  known('asyncapi', 'server', 'net', 'unknown'),
  known('asyncapi', 'client', 'unknown', 'net'),
  known('asyncapi', 'proxy', 'unknown', 'unknown'),
  known('openapi', 'server', 'net', 'unknown'),
  known('openapi', 'client', 'unknown', 'net'),
  known('openapi-asyncapi', 'proxy', 'unknown', 'unknown'),
];
