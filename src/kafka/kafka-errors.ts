import type { Code, Fault } from '../errors.ts';
import type { KafkaFault } from '../protocol/kafka.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { Endpoint } from '../protocol/net.ts';

/**
 * What a client does about one of Kafka's errors:
 * - `retry`: the same again, after a backoff
 * - `refresh`: ask for the metadata, then again where it says
 * - `coordinator`: look for the coordinator, then again there
 * - `offset`: the offset is not in the log; choose another
 * - `producer`: the producer's id, epoch or sequence is not accepted; get a new epoch or id
 * - `done`: it was done before
 * - `fatal`: tell whoever asked, for it will not heal
 */
export type Remedy = 'retry' | 'refresh' | 'coordinator' | 'offset' | 'producer' | 'done' | 'fatal';

/** One of Kafka's errors. */
export interface KafkaErrorKind {
  readonly code: number;
  readonly name: string;
  readonly remedy: Remedy;
  /** Whether the same request may succeed later, as Kafka's own clients see it. */
  readonly retriable: boolean;
}

/** The code that says that nothing went wrong. */
export const NONE = 0;

/** Kafka's names by code, from 0; those of Kafka 4.3. */
const NAMES = `
  NONE OFFSET_OUT_OF_RANGE CORRUPT_MESSAGE UNKNOWN_TOPIC_OR_PARTITION INVALID_FETCH_SIZE LEADER_NOT_AVAILABLE
  NOT_LEADER_OR_FOLLOWER REQUEST_TIMED_OUT BROKER_NOT_AVAILABLE REPLICA_NOT_AVAILABLE MESSAGE_TOO_LARGE
  STALE_CONTROLLER_EPOCH OFFSET_METADATA_TOO_LARGE NETWORK_EXCEPTION COORDINATOR_LOAD_IN_PROGRESS
  COORDINATOR_NOT_AVAILABLE NOT_COORDINATOR INVALID_TOPIC_EXCEPTION RECORD_LIST_TOO_LARGE NOT_ENOUGH_REPLICAS
  NOT_ENOUGH_REPLICAS_AFTER_APPEND INVALID_REQUIRED_ACKS ILLEGAL_GENERATION INCONSISTENT_GROUP_PROTOCOL
  INVALID_GROUP_ID UNKNOWN_MEMBER_ID INVALID_SESSION_TIMEOUT REBALANCE_IN_PROGRESS INVALID_COMMIT_OFFSET_SIZE
  TOPIC_AUTHORIZATION_FAILED GROUP_AUTHORIZATION_FAILED CLUSTER_AUTHORIZATION_FAILED INVALID_TIMESTAMP
  UNSUPPORTED_SASL_MECHANISM ILLEGAL_SASL_STATE UNSUPPORTED_VERSION TOPIC_ALREADY_EXISTS INVALID_PARTITIONS
  INVALID_REPLICATION_FACTOR INVALID_REPLICA_ASSIGNMENT INVALID_CONFIG NOT_CONTROLLER INVALID_REQUEST
  UNSUPPORTED_FOR_MESSAGE_FORMAT POLICY_VIOLATION OUT_OF_ORDER_SEQUENCE_NUMBER DUPLICATE_SEQUENCE_NUMBER
  INVALID_PRODUCER_EPOCH INVALID_TXN_STATE INVALID_PRODUCER_ID_MAPPING INVALID_TRANSACTION_TIMEOUT
  CONCURRENT_TRANSACTIONS TRANSACTION_COORDINATOR_FENCED TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  SECURITY_DISABLED OPERATION_NOT_ATTEMPTED KAFKA_STORAGE_ERROR LOG_DIR_NOT_FOUND SASL_AUTHENTICATION_FAILED
  UNKNOWN_PRODUCER_ID REASSIGNMENT_IN_PROGRESS DELEGATION_TOKEN_AUTH_DISABLED DELEGATION_TOKEN_NOT_FOUND
  DELEGATION_TOKEN_OWNER_MISMATCH DELEGATION_TOKEN_REQUEST_NOT_ALLOWED DELEGATION_TOKEN_AUTHORIZATION_FAILED
  DELEGATION_TOKEN_EXPIRED INVALID_PRINCIPAL_TYPE NON_EMPTY_GROUP GROUP_ID_NOT_FOUND FETCH_SESSION_ID_NOT_FOUND
  INVALID_FETCH_SESSION_EPOCH LISTENER_NOT_FOUND TOPIC_DELETION_DISABLED FENCED_LEADER_EPOCH
  UNKNOWN_LEADER_EPOCH UNSUPPORTED_COMPRESSION_TYPE STALE_BROKER_EPOCH OFFSET_NOT_AVAILABLE MEMBER_ID_REQUIRED
  PREFERRED_LEADER_NOT_AVAILABLE GROUP_MAX_SIZE_REACHED FENCED_INSTANCE_ID ELIGIBLE_LEADERS_NOT_AVAILABLE
  ELECTION_NOT_NEEDED NO_REASSIGNMENT_IN_PROGRESS GROUP_SUBSCRIBED_TO_TOPIC INVALID_RECORD UNSTABLE_OFFSET_COMMIT
  THROTTLING_QUOTA_EXCEEDED PRODUCER_FENCED RESOURCE_NOT_FOUND DUPLICATE_RESOURCE UNACCEPTABLE_CREDENTIAL
  INCONSISTENT_VOTER_SET INVALID_UPDATE_VERSION FEATURE_UPDATE_FAILED PRINCIPAL_DESERIALIZATION_FAILURE
  SNAPSHOT_NOT_FOUND POSITION_OUT_OF_RANGE UNKNOWN_TOPIC_ID DUPLICATE_BROKER_REGISTRATION
  BROKER_ID_NOT_REGISTERED INCONSISTENT_TOPIC_ID INCONSISTENT_CLUSTER_ID TRANSACTIONAL_ID_NOT_FOUND
  FETCH_SESSION_TOPIC_ID_ERROR INELIGIBLE_REPLICA NEW_LEADER_ELECTED OFFSET_MOVED_TO_TIERED_STORAGE
  FENCED_MEMBER_EPOCH UNRELEASED_INSTANCE_ID UNSUPPORTED_ASSIGNOR STALE_MEMBER_EPOCH MISMATCHED_ENDPOINT_TYPE
  UNSUPPORTED_ENDPOINT_TYPE UNKNOWN_CONTROLLER_ID UNKNOWN_SUBSCRIPTION_ID TELEMETRY_TOO_LARGE
  INVALID_REGISTRATION TRANSACTION_ABORTABLE INVALID_RECORD_STATE SHARE_SESSION_NOT_FOUND
  INVALID_SHARE_SESSION_EPOCH FENCED_STATE_EPOCH INVALID_VOTER_KEY DUPLICATE_VOTER VOTER_NOT_FOUND
  INVALID_REGULAR_EXPRESSION REBOOTSTRAP_REQUIRED STREAMS_INVALID_TOPOLOGY STREAMS_INVALID_TOPOLOGY_EPOCH
  STREAMS_TOPOLOGY_FENCED SHARE_SESSION_LIMIT_REACHED
`;

/** What to do, by name; the others are fatal. */
const REMEDIES: Readonly<Record<Exclude<Remedy, 'fatal'>, string>> = {
  retry: `
    CORRUPT_MESSAGE REQUEST_TIMED_OUT COORDINATOR_LOAD_IN_PROGRESS NOT_ENOUGH_REPLICAS NOT_ENOUGH_REPLICAS_AFTER_APPEND
    CONCURRENT_TRANSACTIONS FETCH_SESSION_ID_NOT_FOUND INVALID_FETCH_SESSION_EPOCH
    OFFSET_NOT_AVAILABLE UNSTABLE_OFFSET_COMMIT THROTTLING_QUOTA_EXCEEDED FETCH_SESSION_TOPIC_ID_ERROR
    SHARE_SESSION_NOT_FOUND INVALID_SHARE_SESSION_EPOCH SHARE_SESSION_LIMIT_REACHED`,
  refresh: `
    UNKNOWN_TOPIC_OR_PARTITION LEADER_NOT_AVAILABLE NOT_LEADER_OR_FOLLOWER REPLICA_NOT_AVAILABLE NETWORK_EXCEPTION
    NOT_CONTROLLER KAFKA_STORAGE_ERROR LISTENER_NOT_FOUND FENCED_LEADER_EPOCH UNKNOWN_LEADER_EPOCH PREFERRED_LEADER_NOT_AVAILABLE
    ELIGIBLE_LEADERS_NOT_AVAILABLE ELECTION_NOT_NEEDED UNKNOWN_TOPIC_ID INCONSISTENT_TOPIC_ID`,
  coordinator: 'COORDINATOR_NOT_AVAILABLE NOT_COORDINATOR',
  offset: 'OFFSET_OUT_OF_RANGE',
  producer: `
    OUT_OF_ORDER_SEQUENCE_NUMBER INVALID_PRODUCER_EPOCH INVALID_PRODUCER_ID_MAPPING UNKNOWN_PRODUCER_ID`,
  done: 'DUPLICATE_SEQUENCE_NUMBER',
};

const RETRIABLE: readonly Remedy[] = ['retry', 'refresh', 'coordinator'];

/** What is said to a person beside the name. */
const HINTS: Readonly<Record<string, string>> = {
  UNKNOWN_SERVER_ERROR: "the broker's log says more",
  UNKNOWN_TOPIC_OR_PARTITION: 'there is no such topic or partition, or this user may not know of it',
  MESSAGE_TOO_LARGE: 'a batch is larger than max.message.bytes of its topic',
  NOT_ENOUGH_REPLICAS: 'fewer replicas are in sync than min.insync.replicas asks for',
  INVALID_TOPIC_EXCEPTION: 'the name is not one that a topic may have',
  TOPIC_AUTHORIZATION_FAILED: 'an ACL is missing: this user may not do this with the topic',
  GROUP_AUTHORIZATION_FAILED: 'an ACL is missing: this user may not use the group',
  CLUSTER_AUTHORIZATION_FAILED: 'an ACL is missing: this user may not do this with the cluster',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'an ACL is missing: this user may not use the transactional id',
  INVALID_TIMESTAMP: 'a timestamp is further from the time of the broker than the topic allows',
  ILLEGAL_SASL_STATE: 'the listener expects a user to authenticate first',
  SASL_AUTHENTICATION_FAILED: 'the broker does not accept the credentials',
  INVALID_RECORD: 'a record is not one that its topic takes, as one without a key on a compacted topic',
};

const words = (text: string): string[] => text.trim().split(/\s+/);

const remedyOf = new Map(
  Object.entries(REMEDIES).flatMap(([remedy, names]) => words(names).map((name) => [name, remedy as Remedy] as const)),
);

const kind = (code: number, name: string): KafkaErrorKind => {
  const remedy = remedyOf.get(name) ?? 'fatal';
  return { code, name, remedy, retriable: RETRIABLE.includes(remedy) };
};

/** Kafka's error table, by code. */
export const kafkaErrors: ReadonlyMap<number, KafkaErrorKind> = new Map(
  [kind(-1, 'UNKNOWN_SERVER_ERROR'), ...words(NAMES).map((name, code) => kind(code, name))].map((one) => [
    one.code,
    one,
  ]),
);

/** The error of a code; one that this table does not know is fatal. */
export const kafkaErrorOf = (code: number): KafkaErrorKind => kafkaErrors.get(code) ?? kind(code, 'UNKNOWN_ERROR_CODE');

/** Faults of one connection, or of the way to it. */
const PASSING: readonly string[] = [
  'KAFKA_CORRELATION',
  'KAFKA_DISCONNECTED',
  'KAFKA_TIMEOUT',
  'KAFKA_TRUNCATED',
  'NET_CLOSED',
  'NET_LOOKUP',
  'NET_REFUSED',
  'NET_RESET',
  'NET_TIMEOUT',
  'NET_UNREACHABLE',
  'TLS_TIMEOUT',
] satisfies Code[];

/** Whether what failed with `fault` may go well a moment later, or with another broker. */
export const heals = (fault: KafkaFault): boolean =>
  fault.kafka === undefined ? PASSING.includes(fault.code) : kafkaErrorOf(fault.kafka.code).retriable;

/** A fault as an error of the kafka layer; itself, if it is one. */
export const asKafkaError = (fault: KafkaFault): KafkaError =>
  fault instanceof KafkaError
    ? fault
    : new KafkaError(fault.code as Code, fault.message.replace(`${fault.code}: `, ''), { cause: fault });

/** What a request fails with that is made too late. */
export const closed = new KafkaError('KAFKA_CLOSED', 'the connection was closed on this side');

/** What a connection fails with that ends before its time; `hint` is put behind what is known of it. */
export const disconnected = (why: string, cause?: Fault, hint = ''): KafkaError =>
  new KafkaError(
    'KAFKA_DISCONNECTED',
    `${why}${cause === undefined ? '' : `: ${cause.message}`}${hint}`,
    cause && { cause },
  );

/** How messages name a broker: `broker host:port`. */
export const brokerAt = ({ address, port }: Endpoint): string =>
  `broker ${address.includes(':') ? `[${address}]` : address}:${port}`;

/**
 * What a broker's error code becomes: a KAFKA_ERROR. Say with `at` what was asked of whom, such as
 * `broker 127.0.0.1:9092, Produce to t/0`.
 *
 * @param said the broker's own words, where it gave some
 */
export function kafkaFault(code: number, said?: string | null): KafkaError {
  const kafka = kafkaErrorOf(code);
  const more = said || HINTS[kafka.name];
  return new KafkaError('KAFKA_ERROR', `${kafka.name} (${code})${more ? `: ${more}` : ''}`, { kafka });
}
