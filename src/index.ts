export { type Control, type ControlSink, type Reset, reset, type Window, window } from './control.ts';
export { Account, returnedAt } from './credit.ts';
export { emitter, type Source } from './emitter.ts';
export { type Code, codes, type Fault, SluiceError } from './errors.ts';
export { Fifo, type Owe, type Queue } from './flow/queue.ts';
export { type RelayOptions, relay } from './flow/relay.ts';
export {
  type Abort,
  abort,
  type Begin,
  begin,
  type Data,
  data,
  type End,
  end,
  type Flush,
  type Following,
  type Frame,
  flush,
} from './frame.ts';
export { type InlineGuardOptions, inlineGuard } from './guards/inline.ts';
export { type JwtGuardOptions, jwtGuard } from './guards/jwt.ts';
export { ALGORITHMS, type Algorithm, type Jwk } from './guards/keys.ts';
export { FrameLawError, type LawCode, lawful } from './lawful.ts';
export { type Listener, listen, operate } from './listen.ts';
export type { Chunk, KeyIndex, Log, LogIsolation, LogOffsets, Missed, Seen } from './log/log.ts';
export { type Answer, type Gap, isAnswer, isBarrier, isCumulative, type Mark, replaces } from './marks.ts';
export { type FilesystemVaultOptions, filesystemVault } from './net/filesystem-vault.ts';
export type { KeyEntry, Vault } from './net/vault.ts';
export { cut, type Divisible, keep, type Parts } from './payload.ts';
export { type Expression, type ExpressionNames, type ExpressionValues, expression } from './protocol/expression.ts';
export type { Filesystem, FilesystemBegin, FilesystemReplyBegin } from './protocol/filesystem.ts';
export { type FilterExpressions, filterExpressions } from './protocol/filter-expressions.ts';
export type { Authorization, Guard, Guarded, GuardedProtocol, Identity, Renewal } from './protocol/guard.ts';
export { unauthorized } from './protocol/guard.ts';
export {
  type Http,
  type HttpBegin,
  type HttpFault,
  type HttpHeader,
  type HttpReplyBegin,
  headerOf,
  headersOf,
  httpFault,
  pathOf,
  queryOf,
  statusOf,
} from './protocol/http.ts';
export type {
  Acks,
  Body,
  Condition,
  Filter,
  Fragment,
  From,
  Header,
  Isolation,
  Kafka,
  KafkaAnswer,
  KafkaBegin,
  KafkaFault,
  KafkaMark,
  KafkaRecord,
  KafkaReplyBegin,
  ProducedRecord,
} from './protocol/kafka.ts';
export { fragment } from './protocol/kafka-fragment.ts';
export { type Warmth, warmth } from './protocol/kafka-warmth.ts';
export type { Endpoint, Net, NetBegin, NetLane } from './protocol/net.ts';
export type { Sse, SseBegin, SseProgress } from './protocol/sse.ts';
export { events, SseBody, type SseEvent, SseEvents } from './protocol/sse-events.ts';
export type { AnyLane, Binding, GapLane, Lane, LaneOperator, Protocol, Proxy, RunLane } from './protocol.ts';
export { ArrayRun, charged, cutRun, MOST_RECORDS, type Positioned, type Run, records } from './run.ts';
export { eventLoop } from './scheduler.ts';
export type { StagedFile, StageStore } from './stage/store.ts';
