import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { firstValueFrom, from, lastValueFrom, take, tap, toArray } from 'rxjs';
import { compile, type Graph, type Message, type MessageProgress } from '../../graphs/index.ts';
import { type Judge, openJudge, type ReadRecord } from '../broker/judge.ts';
import { describeKafka } from '../broker/use-kafka.ts';

jest.setTimeout(30_000);

const text = (bytes: Buffer | null): string | null => bytes?.toString('latin1') ?? null;
const place = ({ partition, offset }: { partition: number; offset: bigint }): string => `${partition}/${offset}`;
const judged = ({ partition, offset, timestamp, key, value, headers }: ReadRecord) => ({
  place: place({ partition, offset }),
  timestamp,
  key: text(key),
  value: text(value),
  headers: Object.entries(headers).flatMap(([name, values]) =>
    [values ?? null].flat().map((value) => [name, value === null ? null : String(value)]),
  ),
});
const read = ({ partition, offset, timestamp, key, value, headers }: Message) => ({
  place: place({ partition, offset }),
  timestamp,
  key: text(key),
  value: text(value),
  headers: headers.map(({ name, value }) => [name, text(value)]),
});
const byPlace = <T extends { place: string }>(list: readonly T[]): T[] =>
  [...list].sort((a, b) => a.place.localeCompare(b.place));

describeKafka('messages and produce, through kafka client', (kafka) => {
  let judge: Judge;
  let graph: Graph;
  const compiled = (): Graph =>
    compile({
      name: 'people',
      bindings: {
        app: { type: 'kafka', kind: 'client', options: { servers: kafka.access.bootstrap.PLAINTEXT }, exit: 'tcp' },
        tcp: { type: 'tcp', kind: 'client' },
      },
    });
  beforeAll(async () => {
    judge = await openJudge(kafka.access);
    graph = compiled();
  });
  afterAll(() => judge.close());

  it('should read what a witness reads, in a loop and as an Observable', async () => {
    const topic = 'people-read';
    await judge.createTopic(topic, { partitions: 6 });
    await judge.write(
      topic,
      Array.from({ length: 3_000 }, (_, n) => ({
        key: n % 7 === 0 ? null : `k${n % 100}`,
        value: n % 11 === 0 ? null : `v${n}`,
        headers: { a: [`${n}`, 'again'], b: 'once' },
      })),
    );
    const expected = byPlace((await judge.read(topic)).map(judged));
    const options = { topic, from: 'earliest', until: 'latest' } as const;
    const looped: Message[] = [];
    for await (const message of graph.messages('app', options)) looped.push(message);
    expect(byPlace(looped.map(read))).toEqual(expected);
    const observed = await lastValueFrom(graph.messages('app', options).pipe(toArray()));
    expect(byPlace(observed.map(read))).toEqual(expected);
    const ahead: Message[] = [];
    for await (const message of graph.messages('app', { ...options, readAhead: 65_536, views: true }))
      ahead.push(message);
    expect(byPlace(ahead.map(read))).toEqual(expected);
  });

  it('should resume behind any message, after JSON, and miss and repeat nothing', async () => {
    const topic = 'people-resume';
    await judge.createTopic(topic, { partitions: 3 });
    await judge.write(
      topic,
      Array.from({ length: 300 }, (_, n) => ({ key: `k${n}`, value: `v${n}` })),
    );
    const places: string[] = [];
    let saved: MessageProgress | undefined;
    while (places.length < 300) {
      const source = graph.messages('app', { topic, from: saved ?? 'earliest', until: 'latest' });
      const before = places.length;
      for await (const message of source) {
        places.push(place(message));
        saved = JSON.parse(JSON.stringify(message.progress));
        if (places.length === before + 37) break;
      }
    }
    expect(places.length).toBe(300);
    expect([...places].sort()).toEqual((await judge.read(topic)).map(place).sort());
    expect(saved?.topicId).toMatch(/^[\w-]{22}$/);
  });

  it('should tell that a topic was made again since, and read the one that has its name', async () => {
    const topic = 'people-again';
    await judge.createTopic(topic);
    await judge.write(topic, [{ value: 'a' }, { value: 'b' }]);
    const { progress } = await firstValueFrom(graph.messages('app', { topic, from: 'earliest' }));
    await judge.deleteTopic(topic);
    await judge.createTopic(topic);
    await judge.write(topic, [{ value: 'c' }, { value: 'd' }]);
    const options = { topic, from: progress, until: 'latest', value: 'string' } as const;
    // One that has read the former topic, and one that knows of the later alone.
    for (const reader of [graph, compiled()]) {
      await expect(lastValueFrom(reader.messages('app', options))).rejects.toMatchObject({
        code: 'MESSAGE_GAP',
        message: expect.stringMatching(/people-again\/0 .*recreated/),
      });
      const items = await lastValueFrom(reader.messages('app', { ...options, marks: true }).pipe(toArray()));
      const told = items.filter(({ mark }) => mark !== 'progress');
      expect(told.map((item) => (item.mark === undefined ? item.value : item.mark))).toEqual([
        'gap',
        'c',
        'd',
        'caught-up',
      ]);
      const { offsets, topicId } = items.at(-1)?.progress ?? {};
      expect([offsets, topicId === progress.topicId]).toEqual([{ 0: '2' }, false]);
    }
  });

  it('should tell that records are gone that a saved progress has before it', async () => {
    const topic = 'people-gone';
    await judge.createTopic(topic);
    await judge.write(
      topic,
      Array.from({ length: 10 }, (_, n) => ({ value: `v${n}` })),
    );
    const { progress } = await firstValueFrom(graph.messages('app', { topic, from: 'earliest' }));
    await judge.deleteRecords(topic, 0, 5n);
    const options = { topic, from: progress, until: 'latest', value: 'string' } as const;
    await expect(lastValueFrom(graph.messages('app', options))).rejects.toMatchObject({
      code: 'MESSAGE_GAP',
      message: 'MESSAGE_GAP: people-gone/0 has no offsets 1 to 4: retention',
    });
    const items = await lastValueFrom(graph.messages('app', { ...options, marks: true }).pipe(toArray()));
    expect(items.map((item) => (item.mark === undefined ? item.value : item.mark))).toEqual([
      'gap',
      'v5',
      'v6',
      'v7',
      'v8',
      'v9',
      'caught-up',
    ]);
  });

  it('should filter, begin at a time, and follow what is written', async () => {
    const topic = 'people-follow';
    await judge.createTopic(topic, { partitions: 2 });
    const now = Date.now();
    await judge.write(topic, [
      { key: 'a', value: 'early', timestamp: now - 60_000 },
      { key: 'a', value: 'late', headers: { kind: 'paid' }, timestamp: now },
      { key: 'b', value: 'other', headers: { kind: 'open' }, timestamp: now },
    ]);
    const read = (more: object): Promise<(string | null)[]> =>
      lastValueFrom(
        graph.messages('app', { topic, from: 'earliest', until: 'latest', value: 'string', ...more }).pipe(toArray()),
      ).then((list) => list.map(({ value }) => value).sort());
    expect(await read({ filters: { key: 'a' } })).toEqual(['early', 'late']);
    expect(await read({ filters: { key: 'a', not: { headers: { kind: 'paid' } } } })).toEqual(['early']);
    expect(await read({ filters: [{ headers: { kind: 'open' } }, { headers: { kind: 'paid' } }] })).toEqual([
      'late',
      'other',
    ]);
    expect(await read({ from: new Date(now - 1_000) })).toEqual(['late', 'other']);
    const live = lastValueFrom(
      graph.messages('app', { topic, from: 'latest', marks: true, value: 'string' }).pipe(
        tap(({ mark }) => mark === 'caught-up' && void judge.write(topic, [{ key: 'a', value: 'live' }])),
        take(2),
        toArray(),
      ),
    );
    expect(await live).toMatchObject([{ mark: 'caught-up' }, { value: 'live' }]);
  });

  it('should write what a witness reads, by promise, as an Observer, and in pieces', async () => {
    const topic = 'people-write';
    await judge.createTopic(topic, { partitions: 3 });
    const producer = graph.produce('app', { topic, key: 'string', value: 'json' });
    const sent = await Promise.all(
      Array.from({ length: 500 }, (_, n) => producer.send({ key: `k${n % 50}`, value: { n }, headers: { h: `${n}` } })),
    );
    const answers = lastValueFrom(producer.answers.pipe(toArray()));
    from(Array.from({ length: 500 }, (_, n) => ({ key: `k${n % 50}`, value: { n: n + 500 } }))).subscribe(producer);
    const observed = (await answers).map((answer) => (answer.answer === 'produced' ? place(answer) : answer));
    await producer.close();
    const found = await judge.read(topic);
    const at = new Map(found.map((record) => [place(record), JSON.parse(String(record.value)).n]));
    expect([...sent.map(place), ...observed].map((where) => at.get(where as string))).toEqual(
      Array.from({ length: 1_000 }, (_, n) => n),
    );
    expect(found.length).toBe(1_000);
    expect(found.find(({ value }) => String(value) === '{"n":7}')).toMatchObject({ headers: { h: Buffer.from('7') } });
  });

  it('should write a value of unknown length, beside others', async () => {
    const topic = 'people-large';
    await judge.createTopic(topic, { config: { 'max.message.bytes': '5000000' } });
    const producer = graph.produce('app', { topic });
    const pieces = Array.from({ length: 20 }, () => randomBytes(50_000));
    const record = producer.open({ key: 'large' });
    record.write(pieces[0]);
    await producer.send({ key: 'small', value: 'before' });
    await pipeline(Readable.from(pieces.slice(1)), record);
    expect(await record.answer).toMatchObject({ partition: 0, offset: 1n });
    await producer.close();
    const hash = (bytes: Buffer | null): string =>
      createHash('sha1')
        .update(bytes ?? '')
        .digest('hex');
    expect((await judge.read(topic)).map(({ key, value }) => [String(key), hash(value)])).toEqual([
      ['small', hash(Buffer.from('before'))],
      ['large', hash(Buffer.concat(pieces))],
    ]);
  });

  it("should reject with a record's own error, and go on", async () => {
    const topic = 'people-refused';
    await judge.createTopic(topic, { config: { 'max.message.bytes': '1000' } });
    const producer = graph.produce('app', { topic });
    await producer.send({ value: 'a' });
    await expect(producer.send({ value: randomBytes(5_000) })).rejects.toMatchObject({ name: 'SluiceError' });
    expect(await producer.send({ value: 'b' })).toMatchObject({ offset: 1n });
    await expect(producer.send({ value: 'c', partition: 7 })).rejects.toMatchObject({ name: 'SluiceError' });
    await producer.close();
  });
});
