import * as fc from 'fast-check';
import type { EventStreamOptions, StreamEvent } from '../../../../graphs/quickstart/page/event-stream.ts';
import { Model } from '../../../../graphs/quickstart/page/model.ts';
import { eventAt, FakeTopic } from './fake-topic.ts';

/** A stream that a test feeds, which goes on where it stood. */
class FakeStream {
  readonly options: EventStreamOptions;
  isOpen = false;
  next = 0;
  restarts = 0;

  constructor(options: EventStreamOptions) {
    this.options = options;
  }

  open(): void {
    this.isOpen = true;
    this.options.onState('open');
  }

  close(): void {
    this.isOpen = false;
    this.options.onState('closed');
  }

  restart(): void {
    this.restarts += 1;
    this.next = 0;
  }

  send(...events: StreamEvent[]): void {
    for (const event of events) {
      this.next = Number(event.id.split(':')[1]);
      this.options.onEvent(event);
    }
  }
}

class Bed {
  readonly streams: FakeStream[] = [];
  readonly topic = new FakeTopic();
  changes = 0;
  readonly model = new Model(
    () => {
      this.changes += 1;
    },
    (options) => {
      const stream = new FakeStream(options);
      this.streams.push(stream);
      return stream;
    },
  );

  constructor() {
    this.model.open();
  }

  /** Sends each of the two consumers of processes what it lacks, if it is open. */
  deliver(): void {
    for (const stream of this.streams.slice(0, 2)) if (stream.isOpen) stream.send(...this.topic.from(stream.next));
  }
}

const news = (offset: number, event: string, pid: number): StreamEvent => ({
  type: 'message',
  id: `events.0:${offset + 1}`,
  data: JSON.stringify({ event, pid, name: 'sh', at: 5 }),
});

describe('the page', () => {
  it('knows the last value of each process, without those that are gone', () => {
    const bed = new Bed();
    bed.streams[0]?.send(eventAt(0, [7, 1]), eventAt(1, [8, 1]), eventAt(2, [7, 2]), eventAt(3, [8, null]));
    expect([...bed.model.live.rows.values()]).toEqual([{ pid: 7, name: 'p7', cpu: 0, memory: 2, began: 0 }]);
    expect(bed.changes).toBeGreaterThan(3);
  });

  it('shows what a paused consumer will be sent, and what was superseded', () => {
    const bed = new Bed();
    bed.topic.write([7, 1], [8, 1]);
    bed.deliver();
    bed.model.pause();
    for (const memory of [2, 3, 4]) {
      bed.topic.write([7, memory]);
      bed.deliver();
    }
    bed.topic.write([8, null]);
    bed.deliver();
    const { conflation, paused, live } = bed.model;
    expect(conflation.phase).toBe('paused');
    expect(conflation.soFar).toEqual({ written: 4, sent: 2, superseded: 2 });
    expect(conflation.cells.map(({ state }) => state)).toEqual(['superseded', 'superseded', 'waits', 'waits']);
    expect(paused.rows.get(7)?.memory).toBe(1);
    expect(live.rows.get(7)?.memory).toBe(4);

    bed.model.resume();
    expect(conflation.phase).toBe('catching up');
    bed.deliver();
    expect(conflation).toMatchObject({ phase: 'running', outcome: { written: 4, sent: 2, superseded: 2 } });
    expect(conflation.cells.map(({ state }) => state)).toEqual(['superseded', 'superseded', 'sent', 'sent']);
    expect(paused.rows).toEqual(live.rows);
  });

  it('is level at once after a pause in which nothing was written', () => {
    const bed = new Bed();
    bed.topic.write([7, 1]);
    bed.deliver();
    bed.model.pause();
    bed.model.resume();
    expect(bed.model.conflation).toMatchObject({ phase: 'running', outcome: { written: 0, sent: 0, superseded: 0 } });
  });

  it('accounts for every record that was written meanwhile, however it was paused', () => {
    const record = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.option(fc.integer({ min: 0, max: 9 })));
    const action = fc.oneof({ weight: 6, arbitrary: record }, { weight: 1, arbitrary: fc.constant('turn' as const) });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const bed = new Bed();
        const { model, topic } = bed;
        const { conflation } = model;
        let from = 0;
        topic.write([1, 0]);
        bed.deliver();
        for (const action of actions) {
          if (action === 'turn' && conflation.phase === 'running') {
            from = topic.records.length;
            model.pause();
          } else if (action === 'turn') {
            const { soFar } = conflation;
            model.resume();
            bed.deliver();
            const written = topic.records.slice(from);
            const sent = new Set(written.map(([pid]) => pid)).size;
            const outcome = { written: written.length, sent, superseded: written.length - sent };
            expect(soFar).toEqual(outcome);
            expect(conflation).toMatchObject({ phase: 'running', outcome });
            expect(conflation.cells.filter(({ state }) => state === 'sent')).toHaveLength(sent);
          } else topic.write(action);
          bed.deliver();
        }
        model.resume();
        bed.deliver();
        expect(model.paused.rows).toEqual(model.live.rows);
        expect([model.live.reading.repeated, model.paused.reading.repeated]).toEqual([0, 0]);
      }),
    );
  });

  it('begins again where it was told a gap, since it may hold processes that are gone', () => {
    const { model, streams } = new Bed();
    streams[0]?.send(eventAt(0, [7, 1]));
    streams[0]?.send({ type: 'gap', id: 'topic.0:5', data: '{"reason":"tombstones"}' });
    expect(streams[0]?.restarts).toBe(1);
    expect(model.live.rows.size).toBe(0);
    streams[0]?.send(eventAt(3, [8, 1]));
    expect([...model.live.rows.keys()]).toEqual([8]);
    expect(model.live.reading.repeated).toBe(0);
  });

  it('tells starts and exits once each, the newest first, and counts what is missing', () => {
    const { model, streams } = new Bed();
    streams[2]?.send(news(0, 'start', 7), news(1, 'exit', 7), news(1, 'exit', 7), news(4, 'start', 8));
    expect(model.news.map(({ event, pid, place }) => [event, pid, place])).toEqual([
      ['start', 8, '0:4'],
      ['exit', 7, '0:1'],
      ['start', 7, '0:0'],
    ]);
    expect(model.events).toMatchObject({ passedOver: 2, repeated: 1 });
  });
});
