import { concat, map, type Observable, of } from 'rxjs';
import type { Frame } from '../../src/frame.ts';
import { answered, type HttpAnswer } from '../../src/http-kafka/answered.ts';
import { produced } from '../../src/http-kafka/produced.ts';
import { contentHeaders, idempotencyKeyOf } from '../../src/http-kafka/request-record.ts';
import { type ExpressionNames, type ExpressionValues, expression } from '../../src/protocol/expression.ts';
import { type Http, type HttpBegin, headerOf, headersOf, httpFault } from '../../src/protocol/http.ts';
import type { Header, Kafka, ProducedRecord } from '../../src/protocol/kafka.ts';
import { onBehalf } from '../../src/protocol/kafka-on-behalf.ts';
import type { Binding } from '../../src/protocol.ts';
import { filled, type HttpKafkaProduce, type Settings, type Way } from './routes.ts';

type Request = Observable<Frame<Http['initial']>>;

/** A request on its way to its topic. */
export interface Writing {
  readonly key: string | undefined;
  readonly overrides: readonly (readonly [name: string, value: string])[];
  readonly idempotencyKey: string;
  /** Whether the client may have sent it before. */
  readonly isRepeated: boolean;
  /**
   * Writes the request; emits once it is written. Of the headers that its client chose, those are left out that have the name
   * of one that is set here, or by an override.
   */
  write(chosen: readonly Header[], request: Request, set?: readonly Header[]): Observable<undefined>;
}

/**
 * What makes requests records of a topic.
 *
 * @param isCommand whether somebody replies to it, so that one without a body is no tombstone
 * @throws SluiceError OPTION_INVALID
 */
export function writing(
  { topic, acks = 'all', key, overrides = {} }: HttpKafkaProduce,
  isCommand: boolean,
  exit: Binding<Kafka>,
  names: ExpressionNames,
  { timeout, scheduler, header }: Settings,
): (begin: HttpBegin, values: ExpressionValues) => Writing {
  const known = { ...names, others: ['idempotencyKey'] };
  const topicOf = expression(topic, names);
  const keyOf = key === undefined ? undefined : expression(key, known);
  const more = Object.entries(overrides).map(([name, text]) => [name, expression(text, known)] as const);

  return ({ headers: asked, authorization }, values) => {
    const { key: idempotencyKey, isRepeated } = idempotencyKeyOf(asked, header.idempotencyKey);
    const filling = { ...values, others: { idempotencyKey } };
    const to = filled(topicOf, values);
    const [own, recordKey] = [onBehalf(exit, authorization), keyOf && filled(keyOf, filling)];
    const added = more.map(([name, text]) => [name, filled(text, filling)] as const);
    const length = Number(headerOf(asked, 'content-length') ?? Number.NaN);
    const isTombstone = !isCommand && headerOf(asked, ':method') === 'DELETE';
    return {
      key: recordKey,
      overrides: added,
      idempotencyKey,
      isRepeated,
      write(chosen, initial, set = []) {
        const fixed = [...set, ...added.map(([name, value]) => ({ name, value: Buffer.from(value) }))];
        const names = new Set(fixed.map(({ name }) => name.toLowerCase()));
        const record: ProducedRecord = {
          key: recordKey === undefined ? null : Buffer.from(recordKey),
          headers: [...chosen.filter(({ name }) => !names.has(name)), ...fixed],
          ...(Number.isSafeInteger(length) && { length }),
        };
        const written = produced({ exit: own, topic: to, acks, record, isTombstone, initial, timeout, scheduler });
        return concat(written, of(undefined));
      },
    };
  };
}

const NO_CONTENT: HttpAnswer = { headers: headersOf({ ':status': '204' }) };

/**
 * What writes requests to a topic, and answers each once it is written.
 *
 * @throws SluiceError OPTION_INVALID
 */
export function producing(
  made: HttpKafkaProduce,
  exit: Binding<Kafka>,
  names: ExpressionNames,
  settings: Settings,
): Way {
  const open = writing(made, false, exit, names, settings);
  return (begin, values) => {
    const { headers } = begin;
    if (headers.some(({ name }) => name === 'if-match' || name === 'if-none-match'))
      throw httpFault('HTTP_PRECONDITION', 'nobody is there who could say whether it holds');
    const { write } = open(begin, values);
    return (initial) =>
      answered(write(contentHeaders(headers), initial).pipe(map(() => NO_CONTENT)), settings.scheduler);
  };
}
