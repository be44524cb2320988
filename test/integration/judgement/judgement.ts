import { setTimeout as sleep } from 'node:timers/promises';
import { map } from 'rxjs';
import { data } from '../../../src/frame.ts';
import type { Description, Kafka } from '../../../src/protocol/kafka.ts';
import type { Binding } from '../../../src/protocol.ts';
import type { Access } from '../../broker/access.ts';
import { type Judge, openJudge } from '../../broker/judge.ts';
import { pairOf } from '../pair.ts';
import { type JudgedTopic, open } from './cases.ts';
import { addCodecs } from './codecs.ts';
import { Pulse } from './pulse.ts';
import { Truth } from './truth.ts';
import { type Case, mistakesOf } from './verdict.ts';
import { Writer } from './writer.ts';

export interface JudgementOptions {
  readonly access: Access;
  /** How many records, half of them to each topic. */
  readonly records: number;
  readonly readers: number;
  /** What the names of its topics begin with. */
  readonly name: string;
  /** Told how far it is. */
  readonly tell?: (what: string) => void;
  /** Where the cache is. */
  readonly dir: string;
  /** How much of it is kept in memory, in bytes; what a cache does by default. */
  readonly memory?: number;
  /** How long nothing may be written or read before it is over, in milliseconds. */
  readonly patience: number;
}

export interface Judgement {
  readonly mistakes: readonly string[];
  /** How many records the broker has, and how many all readers got. */
  readonly held: number;
  readonly received: number;
  readonly seconds: number;
}

const PARTITIONS = 6;
const HOUR = { 'min.compaction.lag.ms': '3600000' };

/** The cache is told to clean as eagerly as it can, while the broker leaves all there for the witness to see. */
const eager: (source: Binding<Kafka>) => Binding<Kafka> = (source) => (initial) =>
  source(initial).pipe(
    map((frame) => {
      if (frame.kind !== 'data' || !('configs' in frame.payload)) return frame;
      const { configs } = frame.payload as Description;
      const told = { ...configs, 'min.compaction.lag.ms': '0', 'min.cleanable.dirty.ratio': '0.01' };
      return data({ configs: told }, frame.reserved);
    }),
  );

/**
 * A plain and a compacted topic, written in every way there is, and read meanwhile through a cache pair by many readers,
 * no two of which ask for the same; what each got is held against what a witness reads of the topics.
 */
export async function judgement(options: JudgementOptions): Promise<Judgement> {
  const { access, records, readers, name: prefix, dir, memory, patience, tell = () => {} } = options;
  await addCodecs();
  const judge = await openJudge(access);
  const pairIn = (dir: string): Binding<Kafka> => pairOf(access, { dir, ...(memory && { memory }) }, eager);
  const pair = pairIn(dir);
  const topics: JudgedTopic[] = [];
  const writers: Writer[] = [];
  const cases: { readonly topic: number; readonly one: Case }[] = [];
  let witnessed = 0;
  const received = (): number => cases.reduce((sum, { one }) => sum + one.reader.records, 0);
  const waiting = (): Case[] => cases.map(({ one }) => one).filter(({ reader }) => !reader.isOver);
  const written = (): number => writers.reduce((sum, writer) => sum + writer.written, 0);
  const pulse = new Pulse({
    measure: () => written() + received() + witnessed,
    describe: () =>
      `${written()} records written; ${cases.length} readers got ${received()}, ${waiting().length} of them wait; ` +
      `${witnessed} witnessed`,
    tell,
    patience,
  });
  try {
    const each = records / 2;
    const keys = Math.ceil(each / 50);
    for (const [name, isCompacted] of [[`${prefix}-plain`, false] as const, [`${prefix}-compacted`, true] as const]) {
      await judge.createTopic(name, { partitions: PARTITIONS, config: HOUR });
      const writer = await Writer.to(judge, name, keys, PARTITIONS);
      writers.push(writer);
      topics.push({ name, isCompacted, keys, partitions: PARTITIONS, written: () => writer.written });
    }
    let opened = 0;
    /** Opens readers, until there are so many, on each topic in turn. */
    const openTo = (share: number, binding = pair, stable: readonly Case['stable'][] = []): void => {
      for (; opened < readers * share; opened += 1) {
        const topic = opened % 2;
        cases.push({ topic, one: open(binding, topics[topic]!, opened >> 1, stable[topic]) });
      }
    };
    const write = async (share: number, isKeyed = true): Promise<void> => {
      for (const [at, writer] of writers.entries())
        await pulse.bound(writer.write(Math.floor(each * share), isKeyed || at === 0));
    };

    // Some are there before there is anything, and stay when the one topic becomes compacted.
    openTo(0.1);
    await write(0.05, false);
    await write(0.35);
    openTo(0.3);
    pulse.tell('the first part is written');
    await compacted(judge, `${prefix}-compacted`);
    pulse.tell('the one topic is compacted from now on');
    const writing = write(0.4);
    openTo(0.6);
    await writing;
    openTo(0.8);
    await write(0.2);
    pulse.tell('all is written');
    const abort = await writers[1]!.rewrite();
    // Who begins at the end is to have begun before that moves on.
    const hasBegun = ({ one }: { readonly one: Case }): boolean => one.reader.starts.size > 0 || one.reader.isOver;
    await pulse.until(() => cases.filter(({ one }) => one.from === 'latest').every(hasBegun));
    for (const writer of writers) await writer.end();
    // The last ones have a cache of their own, which has all to fetch.
    const stands = [await judge.stable(topics[0]!.name), await judge.stable(topics[1]!.name)];
    openTo(1, pairIn(`${dir}-cold`), stands);
    for (const { one } of cases) one.reader.hurry();

    const mistakes: string[] = [];
    // While that transaction is open, who reads what is committed gets nothing from its first record on.
    await sleep(500);
    const stable = await judge.stable(`${prefix}-compacted`);
    for (const { one, topic } of cases) {
      if (topic === 0 || one.reader.begin.isolation === 'read_uncommitted') continue;
      for (const [partition, { offsets }] of one.reader.got)
        if ((offsets.last ?? -1) >= Number(stable.get(partition))) mistakes.push(`${one.name}: got what is undecided`);
    }
    pulse.tell('who reads what is committed is held to that');
    await abort();
    await pulse.until(() => waiting().length === 0);
    for (const { name, reader } of waiting()) mistakes.push(`${name}: waits for ${reader.lacks}`);
    for (const { one } of cases) one.reader.leave();
    const { seconds } = pulse;

    pulse.tell('all has come');
    const truths: Truth[] = [];
    const isAborted = (at: number) => (time: number) => {
      witnessed += 1;
      return writers[at]!.aborted.has(time);
    };
    for (const [at, { name }] of topics.entries())
      truths.push(await pulse.bound(Truth.of(judge, name, PARTITIONS, isAborted(at))));
    for (const { one, topic } of cases) mistakes.push(...mistakesOf(one, truths[topic]!));
    const held = truths.reduce((sum, truth) => sum + truth.records, 0);
    return { mistakes, held, received: received(), seconds };
  } finally {
    pulse.stop();
    for (const { one } of cases) one.reader.leave();
    for (const writer of writers) await writer.close();
    await judge.close();
  }
}

/** Makes a topic compacted whose records were not. */
export const compacted = (judge: Judge, topic: string): Promise<void> =>
  judge.configure(topic, { ...HOUR, 'cleanup.policy': 'compact' });
