import { httpKafkaProxy } from '../../../operators/http-kafka/proxy.ts';
import { cacheClient } from '../../../operators/kafka/cache-client.ts';
import { correlationOf } from '../../../src/http-kafka/request-record.ts';
import { eventLoop } from '../../../src/scheduler.ts';
import { servingHttp } from '../../src/net/http-peers.ts';
import { LogExit } from '../kafka/log-exit.ts';
import { ask } from './peers.ts';

describe('topics of a cache whose streams begin with what is to come, unless they say', () => {
  it('are read from their start', async () => {
    const id = correlationOf('k', [], undefined, []);
    const exit = new LogExit([1], eventLoop);
    exit.from = 'latest';
    exit.logs[0]?.append([
      {
        key: 'a',
        value: '1',
        timestamp: Date.now(),
        headers: [{ name: 'zilla:correlation-id', value: Buffer.from(id) }],
      },
      { key: 'b', value: '2' },
    ]);
    const kafka = cacheClient(exit.binding);
    const server = await servingHttp(
      httpKafkaProxy({
        routes: [
          { when: [{ method: 'GET', path: '/newest' }], with: { capability: 'fetch', topic: 'topic' }, exit: kafka },
          {
            when: [{ method: 'GET', path: '/all' }],
            with: { capability: 'fetch', topic: 'topic', merge: { contentType: 'application/json' } },
            exit: kafka,
          },
          {
            when: [{ path: '/replies/*' }],
            with: {
              capability: 'produce',
              topic: 'requests',
              replyTo: 'topic',
              // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how the format writes expressions
              async: { location: '/replies/${correlationId}' },
            },
            exit: kafka,
          },
        ],
      }),
    );

    expect(await ask(server.port, 'GET', '/newest')).toMatchObject({ status: 200, body: '2' });
    expect(await ask(server.port, 'GET', '/all')).toMatchObject({ status: 200, body: '[1,2]' });
    expect(await ask(server.port, 'GET', `/replies/${id}`)).toMatchObject({ status: 200, body: '1' });
    await server.stop();
  });
});
