import { EventStream, type StreamEvent, type StreamState } from '../../../../graphs/quickstart/page/event-stream.ts';

/** In place of a browser's. */
class FakeEventSource extends EventTarget {
  static readonly CLOSED = 2;
  static all: FakeEventSource[] = [];
  readonly url: string;
  readyState = 0;
  onopen = (): void => {};
  onerror = (): void => {};

  constructor(url: string) {
    super();
    this.url = url;
    FakeEventSource.all.push(this);
  }

  close(): void {
    this.readyState = FakeEventSource.CLOSED;
  }

  send(type: string, lastEventId: string, data = ''): void {
    this.dispatchEvent(Object.assign(new Event(type), { lastEventId, data }));
  }
}

describe('a stream of events', () => {
  const events: StreamEvent[] = [];
  const states: StreamState[] = [];
  let stream: EventStream;
  const source = (): FakeEventSource => FakeEventSource.all.at(-1) as FakeEventSource;

  beforeEach(() => {
    jest.useFakeTimers();
    FakeEventSource.all = [];
    events.length = 0;
    states.length = 0;
    Object.assign(globalThis, { EventSource: FakeEventSource });
    stream = new EventStream({
      url: 'processes',
      onEvent: (event) => void events.push(event),
      onState: (state) => void states.push(state),
    });
    stream.open();
  });

  afterEach(() => {
    stream.close();
    jest.useRealTimers();
    Reflect.deleteProperty(globalThis, 'EventSource');
  });

  it('hands on records, tombstones and gaps', () => {
    expect(source().url).toBe('processes');
    for (const [index, type] of ['message', 'delete', 'gap', 'other'].entries())
      source().send(type, `t.0:${index}`, type);
    expect(events).toEqual([
      { type: 'message', id: 't.0:0', data: 'message' },
      { type: 'delete', id: 't.0:1', data: 'delete' },
      { type: 'gap', id: 't.0:2', data: 'gap' },
    ]);
  });

  it('goes on behind the last event when it is opened again', () => {
    source().send('message', 't.0:4/a+b');
    stream.close();
    expect(source().readyState).toBe(FakeEventSource.CLOSED);
    stream.open();
    expect(source().url).toBe(`processes?lastEventId=${encodeURIComponent('t.0:4/a+b')}`);
    stream.restart();
    expect(source().url).toBe('processes');
  });

  it('leaves it to the browser to come back, unless that gives up', () => {
    source().send('message', 't.0:4');
    source().onerror();
    jest.advanceTimersByTime(10_000);
    expect(FakeEventSource.all).toHaveLength(1);
    source().close();
    source().onerror();
    jest.advanceTimersByTime(10_000);
    expect(FakeEventSource.all).toHaveLength(2);
    expect(source().url).toBe('processes?lastEventId=t.0%3A4');
    source().onopen();
    expect(states).toEqual(['closed', 'connecting', 'lost', 'lost', 'closed', 'connecting', 'open']);
  });

  it('does not come back once it is closed', () => {
    source().close();
    source().onerror();
    stream.close();
    jest.advanceTimersByTime(10_000);
    expect(FakeEventSource.all).toHaveLength(1);
  });
});
