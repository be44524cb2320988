export { echoServer } from './echo/server.ts';
export { type FilesystemServerOptions, filesystemServer } from './filesystem/server.ts';
export { type BufferOptions, buffer } from './flow/buffer.ts';
export { type CompactOptions, compact } from './flow/compact.ts';
export { type ConflateOptions, conflate } from './flow/conflate.ts';
export { type FanoutOptions, fanout } from './flow/fanout.ts';
export { filter } from './flow/filter.ts';
export { type FromOffsetOptions, fromOffset } from './flow/from-offset.ts';
export { guarded } from './flow/guarded.ts';
export { type MapRuns, map } from './flow/map.ts';
export { type MergeOptions, merge } from './flow/merge.ts';
export { route } from './flow/route.ts';
export { type StageOptions, stage } from './flow/stage.ts';
export type { AccessControl } from './http/access-control.ts';
export { type CredentialPlaces, type Credentials, identified } from './http/identified.ts';
export { type HttpWhen, httpMatches } from './http/matches.ts';
export { type HttpServerOptions, httpServer } from './http/server.ts';
export {
  type HttpFilesystemProxyOptions,
  type HttpFilesystemRoute,
  httpFilesystemProxy,
} from './http-filesystem/proxy.ts';
export { type HttpKafkaProxyOptions, httpKafkaProxy } from './http-kafka/proxy.ts';
export type { HeaderNames, HttpKafkaFetch, HttpKafkaProduce, HttpKafkaRoute } from './http-kafka/routes.ts';
export { type CacheClientOptions, cacheClient } from './kafka/cache-client.ts';
export { type CacheServer, type CacheServerOptions, cacheServer } from './kafka/cache-server.ts';
export { client as kafkaClient, type KafkaClientOptions, type Shown } from './kafka/client.ts';
export {
  embedded as kafkaEmbedded,
  type KafkaEmbedded,
  type KafkaEmbeddedOptions,
} from './kafka/embedded.ts';
export { type KafkaWhen, kafkaMatches } from './kafka/matches.ts';
export { type SseWhen, sseMatches } from './sse/matches.ts';
export { type SseServerOptions, sseServer } from './sse/server.ts';
export {
  type SseKafkaProxyOptions,
  type SseKafkaRoute,
  type SseKafkaWith,
  sseKafkaProxy,
} from './sse-kafka/proxy.ts';
export { type TcpClientOptions, tcpClient } from './tcp/client.ts';
export { type TcpWhen, tcpMatches } from './tcp/matches.ts';
export { type TcpServerOptions, tcpServer } from './tcp/server.ts';
export { type TlsClientOptions, tlsClient } from './tls/client.ts';
export { type TlsWhen, tlsMatches } from './tls/matches.ts';
export { type TlsServerOptions, tlsServer } from './tls/server.ts';
