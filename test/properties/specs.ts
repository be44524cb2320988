import { Observable, of, tap } from 'rxjs';
import { buffer } from '../../operators/flow/buffer.ts';
import { type CompactOptions, compact } from '../../operators/flow/compact.ts';
import { conflate } from '../../operators/flow/conflate.ts';
import { fanout } from '../../operators/flow/fanout.ts';
import { filter } from '../../operators/flow/filter.ts';
import { map } from '../../operators/flow/map.ts';
import { merge } from '../../operators/flow/merge.ts';
import { route } from '../../operators/flow/route.ts';
import type { Frame } from '../../src/frame.ts';
import type { Binding, LaneOperator, Protocol } from '../../src/protocol.ts';
import { type LawLane, type LawRecord, type LawsOptions, laws } from '../../src/testing/index.ts';
import { cursorLaws } from './cursor-laws.ts';
import { compactLaws, fromOffsetLaws } from './from-offset-laws.ts';
import type { Tools } from './log-plays.ts';

/** What an operator promises, for the law suite. */
export type Spec = Omit<LawsOptions, 'test' | 'fc'>;

/** Registers what a source promises, which no lane is sent through. */
export type Suite = (tools: Tools) => void;

/** Holds what a spec is of to its laws. */
export const held = (spec: Spec | Suite, { test, fc }: Tools): void =>
  typeof spec === 'function' ? spec({ test, fc }) : laws({ test, fc, ...spec });

interface LawProtocol extends Protocol {
  readonly initial: LawLane;
  readonly reply: LawLane;
}

const keyOf = ({ key }: LawRecord): string | null => key;
const echo: Binding<LawProtocol> = (initial) => initial;

/** A log whose index knows what was sent by the time it comes: of a run, the last of each key. */
function logOf(
  source: Observable<Frame<LawLane>>,
  operator: (log: CompactOptions<LawRecord>['log']) => LaneOperator<LawLane>,
) {
  const newest = new Map<string, bigint>();
  const known = source.pipe(
    tap((frame) => {
      if (frame.kind !== 'data') return;
      for (let at = 0; at < frame.payload.length; at += 1) {
        const { partition, key, offset } = frame.payload.at(at);
        newest.set(`${partition} ${key}`, offset);
      }
    }),
  );
  return known.pipe(
    operator({
      cleaned: 0n,
      index: { version: 0, isPartial: false, newest: (key) => newest.get(Buffer.from(key).toString()) },
    }),
  );
}

const nameOf = ({ partition, key }: LawRecord): Uint8Array | null =>
  key === null ? null : Buffer.from(`${partition} ${key}`);

const compactSpec: Spec = {
  name: 'compact',
  operator: () => (source) => logOf(source, (log) => compact<LawRecord>({ log, key: nameOf })),
  window: 'transparent',
  delivers: 'the newest of each key',
  throws: {
    key: (boom) => (source) =>
      logOf(source, (log) =>
        compact<LawRecord>({
          log,
          key(record) {
            boom();
            return nameOf(record);
          },
        }),
      ),
  },
};

/** Every shipped flow operator, in each of its shapes. */
export const specs: Readonly<Record<string, readonly (Spec | Suite)[]>> = {
  cursor: [cursorLaws],
  'from-offset': [fromOffsetLaws],
  compact: [compactLaws, compactSpec],
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
