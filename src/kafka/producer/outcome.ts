import type { KafkaFault } from '../../protocol/kafka.ts';
import type { KafkaError } from '../../protocol/kafka-error.ts';
import { asKafkaError, heals, kafkaErrorOf, kafkaFault, NONE } from '../kafka-errors.ts';
import type { ProducedPartition } from '../requests/produce.ts';
import type { Batch } from './produce-batch.ts';

/** A broker answered. */
export interface Answered {
  readonly answer: ProducedPartition;
}

/** Nobody answered. */
export interface Failed {
  readonly fault: KafkaFault;
  /** False if it surely never left for the broker. */
  readonly sent: boolean;
}

/** What became of a request, for one of its batches. */
export type Outcome = Answered | Failed;

/**
 * What that means for the batch:
 * - `written`: it is in the log
 * - `again`: it is sent once more as it is
 * - `split`: its halves are sent in its place
 * - `renumber`: it is not in the log, and its numbers do not follow on those that are: it is sent under new ones
 * - `refused`: its records get the error
 */
export interface Verdict {
  readonly kind: 'written' | 'again' | 'split' | 'renumber' | 'refused';
  readonly fault?: KafkaError;
  /** Whether it may have been written by this request. */
  readonly isInDoubt: boolean;
  /** Whether the metadata may be stale. */
  readonly isStale?: boolean;
}

/** Errors that say that a broker did not write, of those with which the same may be sent again. */
const UNWRITTEN: readonly string[] = ['CORRUPT_MESSAGE', 'LEADER_NOT_AVAILABLE', 'NOT_ENOUGH_REPLICAS'];

/** Those that say so unless others had to acknowledge: then the broker may have ceased to lead after it wrote. */
const UNWRITTEN_BY_LEADER: readonly string[] = ['NOT_LEADER_OR_FOLLOWER', 'UNKNOWN_TOPIC_OR_PARTITION'];

const TOO_LARGE: readonly string[] = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'];

/** @param isFirst whether every batch of the partition with lower numbers is over */
export function judge(batch: Batch, outcome: Outcome, isFirst: boolean): Verdict {
  return 'answer' in outcome ? answered(batch, outcome.answer, isFirst) : failed(batch, outcome);
}

function answered(batch: Batch, { error, message }: ProducedPartition, isFirst: boolean): Verdict {
  if (error === NONE) return { kind: 'written', isInDoubt: false };
  const { name, remedy, retriable } = kafkaErrorOf(error);
  const fault = kafkaFault(error, message);
  const { isInDoubt } = batch;
  switch (true) {
    case remedy === 'done':
      return { kind: 'written', isInDoubt: false };
    case TOO_LARGE.includes(name):
      if (batch.count > 1) return { kind: 'split', fault, isInDoubt };
      return { kind: 'refused', fault: fault.but(`its one record takes ${batch.length} bytes`), isInDoubt };
    case remedy === 'producer' && batch.numbered === 'ours':
      if (name === 'OUT_OF_ORDER_SEQUENCE_NUMBER' && !isFirst) return { kind: 'again', fault, isInDoubt };
      // A broker remembers the numbers of five batches, but only of one once it has started again. So one that may have
      // been written before is never sent under others, lest it be written twice.
      return { kind: isInDoubt ? 'refused' : 'renumber', fault, isInDoubt };
    case retriable: {
      const isUnwritten = UNWRITTEN.includes(name) || (batch.acks !== 'all' && UNWRITTEN_BY_LEADER.includes(name));
      return sentAgain(batch, fault, !isUnwritten, remedy === 'refresh');
    }
    default:
      return { kind: 'refused', fault, isInDoubt: isInDoubt || name.startsWith('UNKNOWN_') };
  }
}

function failed(batch: Batch, { fault, sent }: Failed): Verdict {
  const { unreadable, isInDoubt } = batch;
  // Part of a batch is no batch: a broker writes none of it.
  if (unreadable !== undefined) return { kind: 'refused', fault: asKafkaError(unreadable), isInDoubt };
  const error = asKafkaError(fault);
  if (heals(fault)) return sentAgain(batch, error, sent, true);
  return { kind: 'refused', fault: error, isInDoubt: sent || batch.isInDoubt };
}

/** Only the numbers of a batch make it safe to send one again that may have been written. */
function sentAgain(batch: Batch, fault: KafkaError, mayBeWritten: boolean, isStale: boolean): Verdict {
  const kind = mayBeWritten && batch.numbered === 'not' ? 'refused' : 'again';
  return { kind, fault, isInDoubt: mayBeWritten || batch.isInDoubt, isStale };
}
