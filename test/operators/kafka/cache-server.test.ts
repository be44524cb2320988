import { cacheServer } from '../../../operators/kafka/cache-server.ts';
import { abort, data } from '../../../src/frame.ts';
import type { KafkaFault } from '../../../src/protocol/kafka.ts';
import { eventLoop } from '../../../src/scheduler.ts';
import { fakeSource } from '../../src/cache/following/fakes.ts';
import { temporary } from '../../src/cache/open.ts';
import { until } from '../../src/kafka/clock.ts';

const dir = temporary();
const UNKNOWN: KafkaFault = {
  code: 'KAFKA_ERROR',
  message: 'there is no such topic',
  kafka: { code: 3, name: 'UNKNOWN_TOPIC_OR_PARTITION' },
};

describe('a cache server', () => {
  it('should follow a bootstrap topic as soon as there is one, and wait for it again when it is gone', async () => {
    const { binding, asked } = fakeSource(eventLoop);
    const failed: unknown[] = [];
    const server = cacheServer(binding, { dir, bootstrap: ['t'], backoff: 1, grace: 0 });
    const running = server.running.subscribe({ error: (thrown) => failed.push(thrown) });
    const of = (name: string) => asked.filter(({ begin: { api }, isOpen }) => api === name && isOpen);
    const opened = async (api: string) => {
      await until(() => of(api).length > 0 || failed.length > 0);
      expect(failed).toEqual([]);
      return of(api)[0]!;
    };
    const described = await opened('describe');
    described.answer({ api: 'describe' });
    described.send(data({ configs: {} }, 8));
    for (let n = 0; n < 2; n += 1) {
      const missing = await opened('meta');
      missing.answer({ api: 'meta' });
      missing.send(abort(UNKNOWN));
      const found = await opened('meta');
      found.answer({ api: 'meta' });
      found.send(data({ topicId: 'A', partitions: [{ partition: 0, leader: 1 }] }, 8));
      expect((await opened('fetch')).begin).toMatchObject({ topic: 't', partition: 0 });
      found.send(abort(UNKNOWN));
    }
    running.unsubscribe();
  });
});
