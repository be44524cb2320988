import { type Answer, api } from './api.ts';

/**
 * The producer to go on as (KIP-360). Kafka looks at it where there is a transactional id; we have none, and so get a
 * new id with epoch 0 whatever we ask (4.3.1). A client may raise its epoch by itself instead.
 */
export interface InitProducerIdRequest {
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
}

export interface InitProducerIdAnswer extends Answer {
  readonly error: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/**
 * The id and epoch of an idempotent producer without transactions (schemas InitProducerIdRequest and
 * InitProducerIdResponse, v4). Any broker may be asked.
 */
export const initProducerId = api<InitProducerIdRequest, InitProducerIdAnswer>({
  key: 22,
  name: 'InitProducerId',
  versions: [4, 4],
  flexible: 2,
  request(to, { producerId = -1n, producerEpoch = -1 }) {
    to.string(null);
    // Without transactions there is no timeout of one; Kafka's own client sends its greatest number.
    to.int32(0x7fffffff);
    to.int64(producerId);
    to.int16(producerEpoch);
    to.tags();
  },
  response(from) {
    const answer = {
      throttleMs: from.int32(),
      error: from.int16(),
      producerId: from.int64(),
      producerEpoch: from.int16(),
    };
    from.tags();
    return answer;
  },
});
