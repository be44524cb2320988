import { Observable, of } from 'rxjs';
import { buffer } from '../../operators/flow/buffer.ts';
import { conflate } from '../../operators/flow/conflate.ts';
import { fanout } from '../../operators/flow/fanout.ts';
import { filter } from '../../operators/flow/filter.ts';
import { map } from '../../operators/flow/map.ts';
import { merge } from '../../operators/flow/merge.ts';
import { route } from '../../operators/flow/route.ts';
import type { Binding, Protocol } from '../../src/protocol.ts';
import type { LawLane, LawRecord, LawsOptions } from '../../src/testing/index.ts';

/** What an operator promises, for the law suite. */
export type Spec = Omit<LawsOptions, 'test' | 'fc'>;

interface LawProtocol extends Protocol {
  readonly initial: LawLane;
  readonly reply: LawLane;
}

const keyOf = ({ key }: LawRecord): string | null => key;
const echo: Binding<LawProtocol> = (initial) => initial;

/** Every shipped flow operator, in each of its shapes. */
export const specs: Readonly<Record<string, readonly Spec[]>> = {
  buffer: [1, 4].flatMap((window): Spec[] => [
    {
      name: `buffer, backpressure, window ${window}`,
      operator: (scheduler) => buffer({ window, overflow: 'backpressure', scheduler }),
      window,
      delivers: 'everything',
    },
    {
      name: `buffer, drop-oldest, window ${window}`,
      operator: (scheduler) => buffer({ window, overflow: 'drop-oldest', scheduler }),
      window,
      delivers: 'what no gap tells of',
    },
    {
      name: `buffer, drop-newest, window ${window}`,
      operator: (scheduler) => buffer({ window, overflow: 'drop-newest', scheduler }),
      window,
      delivers: 'what no gap tells of',
    },
  ]),
  conflate: [1, 6, 64].map((window) => ({
    name: `conflate, window ${window}`,
    operator: (scheduler) => conflate({ key: keyOf, window, scheduler }),
    window,
    delivers: 'the newest of each key',
    throws: {
      key: (boom, scheduler) =>
        conflate({
          window,
          scheduler,
          key(record: LawRecord) {
            boom();
            return record.key;
          },
        }),
    },
  })),
  filter: [
    {
      name: 'filter',
      operator: () => filter((record: LawRecord) => record.cost === 1),
      window: 'transparent',
      delivers: (record) => record.cost === 1,
      throws: {
        accepts: (boom) =>
          filter(() => {
            boom();
            return true;
          }),
      },
    },
  ],
  map: [
    {
      name: 'map',
      operator: () => map((record: LawRecord) => ({ ...record })),
      window: 'transparent',
      delivers: 'everything',
      throws: {
        project: (boom) =>
          map((record: LawRecord) => {
            boom();
            return record;
          }),
      },
    },
  ],
  merge: [1, 5].map((window) => ({
    name: `merge, window ${window}`,
    operator: (scheduler) => (source) => of(source).pipe(merge<LawLane>({ begin: undefined, window, scheduler })),
    window,
    delivers: 'everything',
  })),
  fanout: [
    {
      name: 'fanout, drop-oldest',
      operator: (scheduler) => fanout({ window: 3, capacity: 5, overflow: 'drop-oldest', scheduler }),
      window: 3,
      holds: 8,
      delivers: 'what no gap tells of',
    },
    {
      name: 'fanout, conflate',
      operator: (scheduler) => fanout({ window: 3, capacity: 2_000, overflow: 'conflate', key: keyOf, scheduler }),
      window: 3,
      holds: 2_003,
      delivers: 'the newest of each key',
      throws: {
        key: (boom, scheduler) =>
          fanout({
            window: 3,
            capacity: 2_000,
            overflow: 'conflate',
            scheduler,
            key(record: LawRecord) {
              boom();
              return record.key;
            },
          }),
      },
    },
    {
      name: 'fanout, abort',
      operator: (scheduler) => fanout({ window: 3, capacity: 2_000, overflow: 'abort', scheduler }),
      window: 3,
      holds: 2_003,
      delivers: 'everything',
    },
  ],
  route: [
    {
      name: 'route',
      operator: () => route<LawProtocol>(() => echo),
      window: 'transparent',
      delivers: 'everything',
      throws: {
        choose: (boom) =>
          route<LawProtocol>(() => {
            boom();
            return echo;
          }),
        'the exit': (boom) =>
          route<LawProtocol>(
            () => (initial) =>
              new Observable((reply) => {
                boom();
                return initial.subscribe(reply);
              }),
          ),
      },
    },
  ],
};
