import { answered, type HttpAnswer } from '../../src/http-kafka/answered.ts';
import { type Locations, locations } from '../../src/http-kafka/locations.ts';
import { dueAfter, preferencesOf } from '../../src/http-kafka/preferences.ts';
import { Replies } from '../../src/http-kafka/replies.ts';
import { correlationOf, isOwn, requestHeaders } from '../../src/http-kafka/request-record.ts';
import { respond, respondLater } from '../../src/http-kafka/respond.ts';
import { type ExpressionNames, type ExpressionValues, expression } from '../../src/protocol/expression.ts';
import { headerOf, headersOf, httpFault } from '../../src/protocol/http.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import { onBehalf } from '../../src/protocol/kafka-on-behalf.ts';
import type { Binding } from '../../src/protocol.ts';
import { writing } from './produce.ts';
import { filled, type HttpKafkaProduce, type Settings, type Way } from './routes.ts';

/**
 * What writes requests to a topic, and answers each with the record of another topic that replies to it.
 *
 * @throws SluiceError OPTION_INVALID
 */
export function correlating(
  made: HttpKafkaProduce & { readonly replyTo: string },
  exit: Binding<Kafka>,
  names: ExpressionNames,
  settings: Settings,
): Way {
  const { header, scheduler } = settings;
  const { correlationId: correlation = header.correlationId, async } = made;
  const open = writing(made, true, exit, names, settings);
  const replyTo = expression(made.replyTo, names);
  const where = async && locations(async, names);
  const replies = new Replies(exit, { ...settings, header: header.correlationId });

  /** What a request of a client that would rather not wait is told. */
  const acceptedAs = (correlationId: string, values: ExpressionValues, where: Locations): HttpAnswer => ({
    headers: [...ACCEPTED, ...where.headersOf(values, correlationId)],
  });

  return (begin, values) => {
    const { headers, authorization, draining } = begin;
    const { wait, respondAsync } = preferencesOf(headers);
    const topic = filled(replyTo, values);
    const own = onBehalf(exit, authorization);
    // Who can ask again for a reply need not wait for it while the server stops; for whom it would be lost, it may still come.
    const dueFor = (accepted: HttpAnswer | undefined) =>
      wait === undefined ? undefined : dueAfter(wait, scheduler, accepted && draining);
    const common = { replies, header: header.correlationId };

    const before = headerOf(headers, ':method') === 'GET' ? where?.correlationOf(begin) : undefined;
    if (where !== undefined && before !== undefined) {
      if (!isOwn(before, authorization))
        throw httpFault('HTTP_NOT_FOUND', 'whoever asks has no request with this correlation id');
      const to = { exit: own, topic, correlationId: before, past: true };
      const accepted = acceptedAs(before, values, where);
      return () => answered(respondLater({ ...common, to, accepted, due: dueFor(accepted) }), scheduler);
    }

    const { key = '', overrides, idempotencyKey, isRepeated, write } = open(begin, values);
    const correlationId = correlationOf(idempotencyKey, headers, authorization, [key, topic, ...overrides.flat()]);
    const to = { exit: own, topic, correlationId, past: isRepeated };
    const accepted = respondAsync && where !== undefined ? acceptedAs(correlationId, values, where) : undefined;
    // By this name a reply says what it is for, whatever a request does.
    const chosen = requestHeaders(headers).filter(({ name }) => name !== header.correlationId.toLowerCase());
    const set = [
      { name: header.replyTo, value: Buffer.from(topic) },
      { name: correlation, value: Buffer.from(correlationId) },
    ];
    return (initial) =>
      answered(respond({ ...common, to, accepted, due: dueFor(accepted) }, write(chosen, initial, set)), scheduler);
  };
}

const ACCEPTED = headersOf({ ':status': '202', 'content-length': '0' });
