import { map as rxMap } from 'rxjs';
import {
  type AnyLane,
  type Binding,
  data,
  type Frame,
  type Kafka,
  type KafkaRecord,
  type Lane,
  type LaneOperator,
  type Log,
  type Mark,
  type Net,
  type NetLane,
  type Protocol,
  type RunLane,
  type Proxy as StreamProxy,
} from 'sluice';
import {
  buffer,
  cacheClient,
  compact,
  conflate,
  fanout,
  filter,
  fromOffset,
  type kafkaClient,
  map,
  merge,
  route,
  stage,
} from 'sluice/operators';

interface Item {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string;
}
interface Items extends RunLane<Item> {
  readonly begin: { readonly topic: string };
  readonly flush: Mark;
}
interface Ungapped extends RunLane<Item> {
  readonly flush: { readonly mark: 'caught-up' };
}
interface Topics extends Protocol {
  readonly initial: Items;
  readonly reply: Items;
}

declare const net: Binding<Net>;
declare const kafka: ReturnType<typeof kafkaClient>;
declare const log: Log<KafkaRecord>;
declare const topics: Binding<Topics>;
declare const gateway: StreamProxy<Net, Topics>;
declare const items: import('rxjs').Observable<Frame<Items>>;
declare const ungapped: import('rxjs').Observable<Frame<Ungapped>>;
declare const bytes: import('rxjs').Observable<Frame<NetLane>>;

/** Compiled, never run: what is refused here is refused by the compiler. */
export function refused(): void {
  gateway(topics);
  // @ts-expect-error an exit of another protocol
  gateway(net);
  // @ts-expect-error a binding is not a binding of another protocol
  const _other: Binding<Net> = topics;
  // @ts-expect-error nor is what a proxy makes of its exit
  const _made: Binding<Topics> = gateway(topics);

  // @ts-expect-error a window is a number
  buffer({ window: '64', overflow: 'backpressure' });
  // @ts-expect-error what happens on overflow is said in the call
  buffer({ window: 64 });
  // @ts-expect-error an overflow nobody knows
  buffer({ window: 64, overflow: 'drop' });
  // @ts-expect-error a conflation without a key
  conflate({ window: 64 });
  // @ts-expect-error a key of a record that has no position
  conflate({ window: 64, key: (text: string) => text });
  // @ts-expect-error two keys of the same bytes are not the same
  conflate({ window: 64, key: ({ key }: Item) => Buffer.from(key) });
  // @ts-expect-error nor are they in a fan-out
  fanout({ window: 64, capacity: 64, overflow: 'conflate', key: ({ key }: Item) => Buffer.from(key) });
  // @ts-expect-error a fan-out that conflates by nothing
  fanout({ window: 64, capacity: 64, overflow: 'conflate' });
  // @ts-expect-error a merge without what it begins with
  merge<Items>({ window: 64 });
  // @ts-expect-error what it begins with is not of this lane
  merge<Items>({ window: 64, begin: { subject: 't' } });
  // @ts-expect-error a route to an exit of another protocol
  route<Topics>(() => net);

  // @ts-expect-error a log is read from somewhere
  fromOffset(log, {});
  // @ts-expect-error nobody knows where that is
  fromOffset(log, { from: 'historical' });
  // @ts-expect-error an offset is a bigint
  fromOffset(log, { from: { offset: 1 } });
  // @ts-expect-error a compaction without what knows the newest of each key
  fromOffset(log, { from: 'earliest' }).pipe(compact({}));
  // @ts-expect-error a key in characters is not that of a record
  items.pipe(compact({ log, key: (item: Item) => item.key }));
  // @ts-expect-error a cache client leads to kafka streams
  cacheClient(net);
  // @ts-expect-error a time in milliseconds is a number
  cacheClient(kafka, { grace: '1s' });

  // @ts-expect-error runs are dropped from, bytes are not
  bytes.pipe(buffer({ window: 64, overflow: 'drop-oldest' }));
  // @ts-expect-error a lane on which nobody can be told of a gap
  ungapped.pipe(buffer({ window: 64, overflow: 'drop-newest' }));
  // @ts-expect-error nor by a fan-out
  ungapped.pipe(fanout({ window: 64, capacity: 64, overflow: 'drop-oldest' }));
  // @ts-expect-error bytes have no records to filter
  bytes.pipe(filter((record: Item) => record.key === 'a'));
  // @ts-expect-error the records of this lane have no such field
  items.pipe(filter((record: { colour: string }) => record.colour === 'red'));

  // @ts-expect-error a DATA needs its cost
  data('payload');
  // @ts-expect-error a lane has every kind of frame
  const _lane: Lane = {} as { begin: string; data: string; flush: Mark; end: undefined };
  // @ts-expect-error a flush is a mark or an answer
  const _flush: Lane = {} as { begin: string; data: string; flush: { what: string }; end: undefined; abort: never };
  // @ts-expect-error DATA of another lane
  items.pipe(rxMap((frame): Frame<NetLane> => frame));

  items.subscribe((frame) => {
    switch (frame.kind) {
      case 'begin':
      case 'data':
      case 'flush':
      case 'end':
        return;
      default: {
        // @ts-expect-error ABORT is still to be handled
        const _none: never = frame;
      }
    }
  });
}

/** Compiled, never run: lanes keep their types through operators. */
export function kept(): void {
  const same: import('rxjs').Observable<Frame<Items>> = items.pipe(
    buffer({ window: 64, overflow: 'drop-oldest' }),
    conflate({ window: 64, key: ({ key }: Item) => key }),
    filter(({ key }: Item) => key !== ''),
    fanout({ window: 64, capacity: 64, overflow: 'abort' }),
    fanout({ window: 64, capacity: 64, overflow: 'drop-oldest' }),
    fanout({ window: 64, capacity: 64, overflow: 'conflate', key: ({ key }: Item) => key }),
  );
  same.pipe(map(({ key }: Item) => key.length)).subscribe((frame) => {
    if (frame.kind === 'data') frame.payload.at(0).toFixed();
    if (frame.kind === 'begin') frame.ext.topic.trim();
  });
  bytes.pipe(buffer({ window: 64, overflow: 'backpressure' })).subscribe((frame) => {
    if (frame.kind === 'data') frame.payload.byteLength.toFixed();
  });
  fromOffset(log, { from: 'earliest', until: { offset: 9n } })
    .pipe(compact({ log, below: 9n }))
    .subscribe((frame) => {
      if (frame.kind === 'begin') frame.ext.lastStableOffset.toString();
      if (frame.kind === 'data') frame.payload.at(0).value?.byteLength.toFixed();
    });
  cacheClient(cacheClient(kafka), { grace: 1 });
  const any: AnyLane = buffer({ window: 1, overflow: 'backpressure' });
  const one: LaneOperator<Items> = any;
  items.pipe(one);
}

/** Compiled, never run: a stage speaks kafka on both sides, and takes no option that is misspelled. */
export function stages(bytes: Binding<Net>): StreamProxy<Kafka, Kafka> {
  // @ts-expect-error where what is too large for memory waits is not optional
  stage({});
  // @ts-expect-error there is no such option
  stage({ store: 'directory', maxMessageByte: 1 });
  // @ts-expect-error a limit is a number
  stage({ store: 'directory', maxMessageBytes: '1 MB' });
  // @ts-expect-error its exit speaks kafka
  stage({ store: 'directory' })(bytes);
  return stage({ store: 'directory', maxMessageBytes: 1 });
}
