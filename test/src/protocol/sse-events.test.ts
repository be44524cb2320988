import { cut } from '../../../src/payload.ts';
import { events, idOnly, SseBody, SseEvents } from '../../../src/protocol/sse-events.ts';

const body = (text: string, event?: string): SseBody => new SseBody(Buffer.from(text), event);
const text = (run: SseEvents): string => Buffer.from(run.bytes).toString();

describe('events', () => {
  it.each([
    ['one line', 'data:one line\n\n'],
    ['', 'data:\n\n'],
    ['a\nb', 'data:a\ndata:b\n\n'],
    ['a\r\nb\rc\n', 'data:a\ndata:b\ndata:c\ndata:\n\n'],
    [' é', 'data:  é\n\n'],
    ['a\n b', 'data:a\ndata:  b\n\n'],
  ])('of %j stand as they should', (data, expected) => {
    expect(text(SseEvents.of([{ body: body(data) }]))).toBe(expected);
  });

  it('have an id and a type', () => {
    expect(text(SseEvents.of([{ id: 'é1', body: body('x', 'delete') }]))).toBe('id:é1\nevent:delete\ndata:x\n\n');
    expect(Buffer.from(idOnly('7')).toString()).toBe('id:7\n\n');
  });

  it('are encoded once for all whom they are sent to', () => {
    const shared = body('x');

    expect(shared.lines).toBe(shared.lines);
    const run = SseEvents.of([{ id: '1', body: shared }]);
    expect(run.bytes.buffer).toBe(run.bytes.buffer);
    expect(events(run).payload).toBe(run);
  });

  it('cost their bytes, and are cut between two of them', () => {
    const all = events(['a', 'b', 'c'].map((id) => ({ id, body: body('x') })));
    expect(all.reserved).toBe(3 * 'id:a\ndata:x\n\n'.length);

    const [head, rest] = cut(all, 14) ?? [];
    expect(Buffer.from(head?.payload.bytes ?? []).toString()).toBe('id:a\ndata:x\n\nid:b\ndata:x\n\n');
    expect(Buffer.from(rest?.payload.bytes ?? []).toString()).toBe('id:c\ndata:x\n\n');
    expect([head?.reserved, rest?.reserved]).toEqual([26, 13]);
    expect(cut(all, 27)).toBeUndefined();
  });

  it('can be sliced, picked, and held without the rest of their run', () => {
    const run = SseEvents.of(['a', 'b', 'c', 'd'].map((id) => ({ id, body: body('x') })));
    const part = run.slice(1, 3);

    expect([part.length, part.at(0).id, part.at(1).id, part.cost(0)]).toEqual([2, 'b', 'c', 13]);
    expect(text(run.pick([0, 3]) as SseEvents)).toBe('id:a\ndata:x\n\nid:d\ndata:x\n\n');
    expect(run.slice(0, 1).detach().bytes.buffer.byteLength).toBe(13);
    expect(run.detach()).toBe(run);
  });
});
