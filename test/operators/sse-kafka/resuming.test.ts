// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how the format writes expressions
import fc from 'fast-check';
import { cacheClient } from '../../../operators/kafka/cache-client.ts';
import { sseKafkaProxy } from '../../../operators/sse-kafka/proxy.ts';
import { Turns } from '../../../src/testing/index.ts';
import { MemoryLog } from '../../src/log/memory-log.ts';
import { LogExit } from '../kafka/log-exit.ts';
import { Listener } from './listener.ts';

const PARTITIONS = 3;

type Step =
  | { readonly do: 'append'; readonly partition: number; readonly keys: string }
  | { readonly do: 'grant'; readonly client: number; readonly credit: number }
  | { readonly do: 'return'; readonly client: number }
  | { readonly do: 'turn' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('append' as const),
    partition: fc.nat(PARTITIONS - 1),
    keys: fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 12 }),
  }),
  fc.record({ do: fc.constant('grant' as const), client: fc.nat(4), credit: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ do: fc.constant('return' as const), client: fc.nat(4) }),
  fc.constant({ do: 'turn' as const }),
);

const PATHS = ['/all', '/all', '/a', '/a', '/b'];

describe('clients that leave and come back', () => {
  it('should miss nothing and be told nothing twice, whatever their filter and however slow', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (steps, window) => {
        const turns = new Turns();
        const exit = new LogExit([1, 1, 1], turns);
        for (const partition of exit.logs.keys())
          exit.logs[partition] = new MemoryLog({ partition, compacted: false, scheduler: turns });
        const kafka = cacheClient(exit.binding, { scheduler: turns });
        const routes = [
          { when: [{ path: '/all' }], with: { topic: 'topic' } },
          { when: [{ path: '/{key}' }], with: { topic: 'topic', filters: [{ key: '${params.key}' }] } },
        ];
        const binding = sseKafkaProxy({ routes, window }, turns)(kafka);
        const got: string[][] = PATHS.map(() => []);
        const open = (path: string, lastEventId?: string, credit = 0) =>
          new Listener(binding, { path, ...(lastEventId !== undefined && { lastEventId }) }, credit);
        const clients = PATHS.map((path) => open(path));
        const expected: { value: string; partition: number }[] = [];
        const leave = (client: number): string | undefined => {
          const { got: events, lastEventId } = clients[client] as Listener;
          clients[client]?.leave();
          got[client]?.push(...events);
          return lastEventId;
        };

        for (const one of steps) {
          if (one.do === 'append') {
            const written = [...one.keys].map((key) => ({ key, value: `${key}${one.partition}-${expected.length}` }));
            for (const [index, each] of written.entries()) {
              const value = `${each.value}.${index}`;
              each.value = value;
              expected.push({ value, partition: one.partition });
            }
            exit.logs[one.partition]?.append(written);
          } else if (one.do === 'grant') clients[one.client]?.grant(one.credit);
          else if (one.do === 'return') clients[one.client] = open(PATHS[one.client] as string, leave(one.client));
          else turns.turn();
        }
        for (const [client, path] of PATHS.entries()) {
          clients[client] = open(path, leave(client), 1_000_000);
          while (turns.turn());
          leave(client);
          for (let partition = 0; partition < PARTITIONS; partition += 1) {
            const all = expected.filter((one) => one.partition === partition).map(({ value }) => value);
            const wanted = path === '/all' ? all : all.filter((value) => value.startsWith(path.slice(1)));
            const mine = got[client]?.filter((event) => event.slice('message '.length)[1] === String(partition));
            expect(mine).toEqual(wanted.map((value) => `message ${value}`));
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
