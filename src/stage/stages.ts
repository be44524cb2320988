import { type Observable, of, type SchedulerLike } from 'rxjs';
import type { ControlSink } from '../control.ts';
import { positive, SluiceError } from '../errors.ts';
import { Kept } from '../kept.ts';
import type { Kafka, Meta } from '../protocol/kafka.ts';
import { type ProducingBegin, producingReply } from '../protocol/kafka-producing.ts';
import { MAX_MESSAGE_BYTES, maxMessageBytes, states } from '../protocol/kafka-states.ts';
import type { Stream } from '../protocol/kafka-stream.ts';
import type { Binding } from '../protocol.ts';
import { eventLoop } from '../scheduler.ts';
import { fileStore } from './file-store.ts';
import { StageLane } from './stage-lane.ts';
import type { StageStore } from './store.ts';
import { TopicStage, type TopicStageOptions } from './topic-stage.ts';

export interface StageOptions {
  /** Where bodies wait that are too large for memory: a directory that other stages may use as well, or a store. */
  readonly store: string | StageStore;
  /** Each stream's share of memory, and its credit, in bytes: an integer >= 1, 256 KiB by default. */
  readonly window?: number;
  /** Each partition's share of the disk, in bytes: an integer not less than `window`, 256 MiB by default. */
  readonly disk?: number;
  /** The most bytes of a record, an integer >= 1: by default its topic's `max.message.bytes`, which the exit is asked for. */
  readonly maxMessageBytes?: number;
  /** How long what is known of a topic is kept when nobody produces to it any more, in milliseconds; 10,000 by default. */
  readonly grace?: number;
  readonly scheduler?: SchedulerLike;
  /** Told of each record that all replicas have which are in sync. */
  readonly written?: (topic: string, partition: number, offset: bigint) => void;
}

/** Options that were checked, with their defaults. */
export interface StageSettings extends Pick<TopicStageOptions, 'window' | 'disk' | 'written' | 'scheduler'> {
  readonly store: () => StageStore;
  readonly maxMessageBytes: number | undefined;
  readonly grace: number;
}

/** @throws SluiceError OPTION_INVALID */
export function settingsOf(options: StageOptions): StageSettings {
  const { store, maxMessageBytes, grace = 10_000, written, scheduler = eventLoop } = options;
  const window = positive('window', options.window ?? 256 * 1024);
  const disk = positive('disk', options.disk ?? 256 * 1024 * 1024);
  if (disk < window)
    throw new SluiceError('OPTION_INVALID', `disk must not be less than window, ${window}, as ${disk} is`);
  if (maxMessageBytes !== undefined) positive('maxMessageBytes', maxMessageBytes);
  let files = typeof store === 'string' ? undefined : store;
  const opened = (): StageStore => {
    files ??= fileStore(store as string);
    return files;
  };
  return { window, disk, store: opened, maxMessageBytes, grace, written, scheduler };
}

/** The stages of all topics before one exit, each there while somebody produces to it. */
export class Stages {
  readonly #exit: Binding<Kafka>;
  readonly #settings: StageSettings;
  readonly #topics = new Map<string, TopicStage>();
  readonly #metas: Kept<string, Meta>;
  readonly #limits: Kept<string, number | undefined>;

  constructor(exit: Binding<Kafka>, settings: StageSettings) {
    const { maxMessageBytes: limit, grace, scheduler } = settings;
    this.#exit = exit;
    this.#settings = settings;
    this.#metas = new Kept((topic) => states<Meta>(exit, { api: 'meta', topic, create: true }), grace, scheduler);
    this.#limits = new Kept((topic) => (limit === undefined ? limitOf(exit, topic) : of(limit)), grace, scheduler);
  }

  /** Answers a stream that only produces. */
  answer(ext: ProducingBegin, control: ControlSink, stream: Stream): StageLane {
    const lane = this.open(ext, control, stream);
    stream.begin(producingReply(ext));
    return lane;
  }

  /** Answers the records of a stream that produces; its reply is not begun. */
  open(ext: ProducingBegin, control: ControlSink, stream: Stream): StageLane {
    const [only, acks = 'all'] = ext.api === 'produce' ? [ext.partition] : [undefined, ext.acks];
    return new StageLane({ control, stream, stage: this.#topic(ext.topic), only, acks });
  }

  #topic(name: string): TopicStage {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const { store, window, disk, written, scheduler } = this.#settings;
    const shared = { exit: this.#exit, store: store(), window, disk, written, scheduler };
    const of = { metas: this.#metas.of(name), limits: this.#limits.of(name) };
    const made = new TopicStage(name, { ...shared, ...of }, () => this.#topics.delete(name));
    this.#topics.set(name, made);
    return made;
  }
}

const limitOf = (exit: Binding<Kafka>, topic: string): Observable<number | undefined> =>
  maxMessageBytes(states(exit, { api: 'describe', topic, configs: [MAX_MESSAGE_BYTES], direct: true }));
