import { lastValueFrom, take, toArray } from 'rxjs';
import { compile } from '../../graphs/index.ts';

// An application that embeds a graph: writes, reads it through a cache, and stops the graph. Then it has nothing more to do.
const [dir] = process.argv.slice(2) as [string];
const graph = compile(
  {
    name: 'embedding',
    bindings: {
      app: { type: 'kafka', kind: 'cache_client', exit: 'cache' },
      cache: { type: 'kafka', kind: 'cache_server', options: { bootstrap: ['items'] }, exit: 'log' },
      log: { type: 'kafka', kind: 'embedded', options: { topics: [{ name: 'items' }] } },
    },
  },
  { dir },
);
const running = graph.run().subscribe();
const items = graph.produce('app', { topic: 'items', value: 'string' });
await Promise.all(['a', 'b', 'c'].map((value) => items.send({ value })));
await items.close();
const read = graph.messages('app', { topic: 'items', from: 'earliest', value: 'string' }).pipe(take(3), toArray());
process.stdout.write((await lastValueFrom(read)).map(({ value }) => value).join(''));
running.unsubscribe();
