import * as fc from 'fast-check';
import { Observable } from 'rxjs';
import { type ControlSink, reset, window } from '../../../src/control.ts';
import { emitter } from '../../../src/emitter.ts';
import type { Fault } from '../../../src/errors.ts';
import { begin, data, end, type Following, type Frame } from '../../../src/frame.ts';
import { type FramedOptions, framed, type RequestLane, type ResponseLane } from '../../../src/kafka/frames.ts';
import type { Piece } from '../../../src/kafka/pieces.ts';
import { lawful } from '../../../src/lawful.ts';
import type { Net, NetLane } from '../../../src/protocol/net.ts';
import type { Binding } from '../../../src/protocol.ts';
import { Turns } from '../../../src/testing/turns.ts';
import { FakeBody } from './body.ts';
import { FakeStream } from './fake-broker.ts';

/** A client and an exit on either side of `framed`, all four joints held to the laws; the test grants all credit. */
class Setup {
  readonly turns = new Turns();
  /** What the exit replies, and what came to it. */
  readonly far = new FakeStream();
  readonly sent: Frame<NetLane>[] = [];
  /** What the client got, and its way to grant credit for it. */
  readonly got: Frame<ResponseLane>[] = [];
  grant: ControlSink = () => {};
  grantExit: ControlSink = () => {};
  defect: unknown;
  /** Of the exit, for what it replies. */
  balance = 0;
  granted = 0;
  refused: unknown;
  readonly #requests: Following<RequestLane>[] = [];
  #wake: () => void = () => {};

  constructor(options: FramedOptions = {}) {
    const exit: Binding<Net> = (initial) =>
      emitter<NetLane>(
        {},
        (wake, out) => {
          const subscription = initial.pipe(lawful('exit initial')).subscribe({
            next: (frame) => {
              this.sent.push(frame);
              if (frame.kind === 'begin') this.grantExit = frame.control;
            },
            error: (error) => out.error(error),
          });
          out.add(subscription);
          return this.far.start(wake);
        },
        this.turns,
      ).pipe(lawful('exit reply'), this.#watch);
    emitter<RequestLane>(
      { remote: { address: 'broker', port: 9092 } },
      (wake) => {
        this.#wake = wake;
        return {
          pull: (balance) => {
            const [frame] = this.#requests;
            return frame?.kind === 'data' && balance <= 0 ? undefined : this.#requests.shift();
          },
        };
      },
      this.turns,
    )
      .pipe(lawful('initial'), framed(options, this.turns)(exit), lawful('reply'))
      .subscribe({
        next: (frame) => {
          this.got.push(frame);
          if (frame.kind === 'begin') this.grant = frame.control;
        },
        error: (error) => {
          this.defect = error;
        },
      });
  }

  readonly #watch = (source: Observable<Frame<NetLane>>): Observable<Frame<NetLane>> =>
    new Observable((out) =>
      source.subscribe({
        next: (frame) => {
          if (frame.kind === 'data') this.balance -= frame.reserved;
          if (frame.kind !== 'begin') return out.next(frame);
          out.next(
            begin(frame.ext, (control) => {
              if (control.kind === 'window') {
                this.balance += control.credit;
                this.granted += control.credit;
              } else this.refused = control.ext;
              frame.control(control);
            }),
          );
        },
        error: (error) => out.error(error),
        complete: () => out.complete(),
      }),
    );

  /** How many requests wait to be taken. */
  get waiting(): number {
    return this.#requests.length;
  }

  request(...pieces: Piece[]): void {
    this.#requests.push(data({ pieces }, 4 + pieces.reduce((sum, { length }) => sum + length, 0)));
    this.#wake();
  }

  end(): void {
    this.#requests.push(end());
    this.#wake();
  }

  run(): void {
    while (this.turns.turn());
  }

  get bytes(): Buffer {
    return Buffer.concat(this.sent.flatMap((frame) => (frame.kind === 'data' ? [frame.payload] : [])));
  }

  get responses(): Uint8Array[] {
    return this.got.flatMap((frame) => (frame.kind === 'data' ? [frame.payload.bytes] : []));
  }

  get fault(): Fault | undefined {
    return this.got.find((frame) => frame.kind === 'abort')?.ext;
  }
}

const message = (bytes: Uint8Array): Buffer => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
};

const body = fc.uint8Array({ minLength: 4, maxLength: 40 });

describe('framed', () => {
  it('makes the same responses of any chunks, on any credit', () => {
    fc.assert(
      fc.property(
        fc.array(body, { maxLength: 8 }),
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 10 }),
        fc.integer({ min: 1, max: 30 }),
        (bodies, chunk, grants, size) => {
          const setup = new Setup({ window: size });
          setup.far.raw(Buffer.concat(bodies.map(message)), chunk);
          setup.far.end();
          for (const credit of grants) setup.grant(window(credit));
          while (setup.responses.length < bodies.length) {
            const before = setup.responses.length;
            setup.grant(window(100));
            setup.run();
            if (setup.responses.length === before) throw new Error('stalled');
          }
          setup.grant(window(1));
          setup.run();
          expect(setup.defect).toBeUndefined();
          expect(setup.responses.map((bytes) => [...bytes])).toEqual(bodies.map((bytes) => [...bytes]));
          expect(setup.got.at(-1)?.kind).toBe('end');
        },
      ),
    );
  });

  it('sends requests whole, each behind its size, on any credit', () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 }),
        (requests, grants) => {
          const setup = new Setup({ window: 16 });
          for (const request of requests) setup.request(...request);
          let credit = 0;
          for (const more of grants) {
            credit += more;
            setup.grantExit(window(more));
            setup.run();
            expect(setup.bytes.length).toBeLessThanOrEqual(credit);
          }
          setup.grantExit(window(1_000));
          setup.run();
          expect(setup.defect).toBeUndefined();
          expect(setup.bytes).toEqual(Buffer.concat(requests.map((request) => message(Buffer.concat(request)))));
        },
      ),
    );
  });

  it('reads what is not in memory in its place, on any credit', () => {
    const piece = fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }), isBody: fc.boolean() });
    const grants = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(fc.array(piece, { minLength: 1, maxLength: 4 }), { maxLength: 5 }), grants, (all, each) => {
        const setup = new Setup({ window: 1_000 });
        const bodies: FakeBody[] = [];
        for (const pieces of all) {
          setup.request(
            ...pieces.map(({ bytes, isBody }) => {
              if (!isBody) return bytes;
              bodies.push(new FakeBody(bytes, setup.turns));
              return bodies.at(-1) as FakeBody;
            }),
          );
        }
        setup.run();
        expect(bodies.every(({ reads }) => reads === 0)).toBe(true);
        for (const credit of [...each, 10_000]) {
          setup.grantExit(window(credit));
          setup.run();
        }
        const whole = all.map((pieces) => message(Buffer.concat(pieces.map(({ bytes }) => bytes))));
        expect(setup.bytes.equals(Buffer.concat(whole))).toBe(true);
        expect([setup.waiting, setup.defect]).toEqual([0, undefined]);
      }),
    );
  });

  it('ends the connection within a request that cannot be read', () => {
    const setup = new Setup();
    const body = new FakeBody(Buffer.from('body'), setup.turns);
    body.isGone = true;
    setup.request(Buffer.from('head'), body, Buffer.from('tail'));
    setup.grantExit(window(100));
    setup.run();
    expect(setup.bytes.subarray(4).toString()).toBe('head');
    expect(setup.sent.at(-1)?.kind).toBe('abort');
  });

  it('takes no more requests than its window while the exit gives no credit', () => {
    const setup = new Setup({ window: 20 });
    for (let index = 0; index < 10; index += 1) setup.request(Buffer.alloc(6));
    expect(setup.waiting).toBe(8);
    setup.grantExit(window(100));
    setup.run();
    expect(setup.waiting).toBe(0);
  });

  it('grants the exit nothing while a whole response waits to be taken', () => {
    const setup = new Setup({ window: 100 });
    for (let index = 0; index < 50; index += 1) setup.far.raw(message(Buffer.alloc(16)));
    setup.run();
    expect(setup.granted).toBe(100);
    expect(setup.responses).toHaveLength(0);
    setup.grant(window(1_000_000));
    setup.run();
    expect(setup.responses).toHaveLength(50);
  });

  it('takes a response that is larger than its window', () => {
    const setup = new Setup({ window: 10 });
    setup.far.raw(message(Buffer.alloc(1_000, 7)));
    setup.grant(window(1));
    setup.run();
    expect(setup.responses).toEqual([Buffer.alloc(1_000, 7)].map((bytes) => new Uint8Array(bytes)));
  });

  it('copies no request, and no response that came in one chunk', () => {
    const setup = new Setup();
    const piece = Buffer.alloc(1_000);
    setup.grantExit(window(10_000));
    setup.request(Buffer.alloc(4), piece);
    expect(setup.sent.some((frame) => frame.kind === 'data' && frame.payload === piece)).toBe(true);
    setup.grant(window(10_000));
    setup.far.raw(Buffer.concat([message(Buffer.alloc(8)), message(Buffer.alloc(8))]));
    const [one, other] = setup.responses;
    expect(one?.buffer).toBe(other?.buffer);
  });

  it.each([
    ['negative', Buffer.from([0xff, 0xff, 0xff, 0xff]), 'a response of -1 bytes'],
    ['zero', Buffer.alloc(4), 'a response of 0 bytes'],
    ['too short for a correlation id', Buffer.from([0, 0, 0, 3]), 'a response of 3 bytes'],
    ['too large', Buffer.from([0, 0, 1, 1]), 'a response of 257 bytes'],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request'), 'it speaks HTTP'],
    ['a TLS alert', Buffer.from('15030300020246', 'hex'), 'it speaks TLS'],
  ])('refuses a size that is %s', (_, bytes, text) => {
    const setup = new Setup({ maxResponse: 256 });
    setup.far.raw(message(Buffer.alloc(4)));
    setup.far.raw(bytes);
    setup.grant(window(1_000));
    expect(setup.fault).toMatchObject({ code: 'KAFKA_FRAME', message: expect.stringContaining(text) });
    expect(setup.refused).toBe(setup.fault);
    expect(setup.got.at(-1)?.kind).toBe('abort');
  });

  it('takes the largest response that is allowed', () => {
    const setup = new Setup({ maxResponse: 256 });
    setup.far.raw(message(Buffer.alloc(256)), 7);
    setup.grant(window(1_000));
    expect(setup.responses).toHaveLength(1);
  });

  it('tells of an end within a response, at every length', () => {
    const bytes = message(Buffer.alloc(12));
    for (let length = 1; length < bytes.length; length += 1) {
      const setup = new Setup();
      setup.far.raw(bytes.subarray(0, length));
      setup.far.end();
      expect(setup.fault?.code).toBe('KAFKA_TRUNCATED');
    }
  });

  it('hands the fault of its exit on', () => {
    const setup = new Setup();
    const fault = { code: 'NET_RESET', message: 'gone' };
    setup.far.abort(fault);
    expect(setup.fault).toBe(fault);
  });

  it('hands END on once every request is sent', () => {
    const setup = new Setup();
    setup.request(Buffer.alloc(4));
    setup.end();
    setup.grantExit(window(5));
    expect(setup.sent.at(-1)?.kind).toBe('data');
    setup.grantExit(window(5));
    expect(setup.sent.at(-1)?.kind).toBe('end');
  });

  it('hands RESET on', () => {
    const setup = new Setup();
    setup.grant(reset('enough'));
    expect(setup.refused).toBe('enough');
    expect(setup.got.at(-1)?.kind).toBe('abort');
  });

  it.each([{ window: 0 }, { maxResponse: 1.5 }])('refuses %j', (options) => {
    expect(() => framed(options, new Turns())).toThrow('OPTION_INVALID');
  });
});
