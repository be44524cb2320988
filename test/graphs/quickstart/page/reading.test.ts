import { progressOf } from '../../../../graphs/quickstart/page/event-id.ts';
import { Reading } from '../../../../graphs/quickstart/page/reading.ts';

describe('the id of an event', () => {
  it('tells the topic, the offset of each partition, and the partition of the event', () => {
    expect(progressOf('t-1_x.1:4.0:17')).toEqual({
      topicId: 't-1_x',
      offsets: new Map([
        [1, 4],
        [0, 17],
      ]),
      partition: 0,
    });
    expect(progressOf('.0:1/etag')).toEqual({ topicId: '', offsets: new Map([[0, 1]]), partition: 0 });
  });

  it.each(['', 'topic', 'topic.0', '0:1', 'topic.0:x', 'topic.0:1.'])('is not %j', (id) => {
    expect(progressOf(id)).toBeUndefined();
  });
});

describe('where a consumer stands', () => {
  it('is behind the last record that came, and counts what it was not sent', () => {
    const reading = new Reading();
    expect(['t.0:8', 't.0:9', 't.0:13'].map((id) => reading.record(id))).toEqual(['0:7', '0:8', '0:12']);
    expect(reading).toMatchObject({ position: 13, sent: 3, passedOver: 3, repeated: 0 });
  });

  it('counts what comes again, and does not move', () => {
    const reading = new Reading();
    expect(['t.0:8', 't.0:8', 't.0:3'].map((id) => reading.record(id))).toEqual(['0:7', undefined, undefined]);
    expect(reading).toMatchObject({ position: 8, sent: 1, repeated: 2 });
  });

  it('is the sum of its partitions, each of which goes on by itself', () => {
    const reading = new Reading();
    for (const id of ['t.1:4.0:1', 't.0:1.1:5', 't.1:5.0:4']) reading.record(id);
    expect(reading).toMatchObject({ position: 9, sent: 3, passedOver: 2, repeated: 0 });
  });

  it('means nothing for a topic that was made again, or once it is forgotten', () => {
    const reading = new Reading();
    for (const id of ['t.0:8', 'other.0:1']) reading.record(id);
    expect(reading).toMatchObject({ position: 1, sent: 2, passedOver: 0, repeated: 0 });
    reading.forget();
    reading.record('other.0:1');
    expect(reading).toMatchObject({ position: 1, sent: 3, repeated: 0 });
  });

  it('throws at an id that is none', () => {
    expect(() => new Reading().record('7')).toThrow('not the id of an event: 7');
  });
});
