import { answered } from '../../src/http-kafka/answered.ts';
import { item } from '../../src/http-kafka/item.ts';
import { merged } from '../../src/http-kafka/merged.ts';
import { dueAfter, preferencesOf } from '../../src/http-kafka/preferences.ts';
import { type ExpressionNames, expression } from '../../src/protocol/expression.ts';
import { filterExpressions } from '../../src/protocol/filter-expressions.ts';
import { headerOf, headersOf, httpFault, tagsOf } from '../../src/protocol/http.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import { onBehalf } from '../../src/protocol/kafka-on-behalf.ts';
import type { Binding } from '../../src/protocol.ts';
import { filled, type HttpKafkaFetch, type Settings, type Way } from './routes.ts';

/**
 * What answers a request with what a topic holds.
 *
 * @throws SluiceError OPTION_INVALID
 */
export function fetching(
  { topic, filters = [], merge }: HttpKafkaFetch,
  exit: Binding<Kafka>,
  names: ExpressionNames,
  { timeout, scheduler }: Settings,
): Way {
  const topicOf = expression(topic, names);
  const filtersOf = filterExpressions(filters, names);
  return ({ headers, authorization, draining }, values) => {
    const { wait } = preferencesOf(headers);
    const method = headerOf(headers, ':method') ?? '';
    if (method !== 'GET' && method !== 'HEAD')
      throw httpFault('HTTP_METHOD', 'records are read only', headersOf({ allow: 'GET, HEAD' }));
    const reading = {
      exit: onBehalf(exit, authorization),
      topic: filled(topicOf, values),
      filters: filled(filtersOf, values),
      tags: tagsOf(headers, 'if-none-match'),
      due: wait === undefined ? undefined : dueAfter(wait, scheduler, draining),
      timeout,
      scheduler,
    };
    return () => (merge === undefined ? answered(item(reading), scheduler) : merged(reading));
  };
}
