import { Observable, type SchedulerLike } from 'rxjs';
import { Account } from '../credit.ts';
import { positive } from '../errors.ts';
import { Gate } from '../flow/gate.ts';
import { Fifo } from '../flow/queue.ts';
import { abort, data, type Frame } from '../frame.ts';
import { listen } from '../listen.ts';
import type { KafkaError } from '../protocol/kafka-error.ts';
import type { Net, NetLane } from '../protocol/net.ts';
import type { Binding, Protocol } from '../protocol.ts';
import { Assembler, SIZE } from './frames-assembler.ts';
import { disconnected } from './kafka-errors.ts';
import { lengthOf, type Piece } from './pieces.ts';
import { RequestBytes } from './request-bytes.ts';

/** One request, without its size, in as many pieces as it has; none is empty. It costs its bytes and 4 for the size. */
export interface Request {
  readonly pieces: readonly Piece[];
}

/** One whole response, without its size. It costs its bytes and 4 for the size. */
export interface Response {
  readonly bytes: Uint8Array;
}

export interface RequestLane extends Omit<NetLane, 'data'> {
  readonly data: Request;
}

export interface ResponseLane extends Omit<NetLane, 'data'> {
  readonly data: Response;
}

/** Whole requests and responses. They are single records: neither is ever cut. */
export interface Messages extends Protocol {
  readonly initial: RequestLane;
  readonly reply: ResponseLane;
}

export interface FramedOptions {
  /** How many bytes of requests, and of whole responses, may wait; an integer >= 1, 1 MiB by default. */
  readonly window?: number;
  /** The largest response taken, in bytes; an integer >= 1, 100 MiB by default. */
  readonly maxResponse?: number;
}

/**
 * Speaks whole requests and responses at its entry and bytes at its exit, each message behind its size (4 bytes, big
 * endian). No request is copied, and a body in one is read while it is sent; a response is a view of the chunk that it came in, or is copied once if it came in
 * several. Requests wait for the credit of the exit, and the exit gets none while a whole response waits to be taken.
 *
 * A size that cannot be aborts the reply with KAFKA_FRAME and resets the exit; an end within a response is
 * KAFKA_TRUNCATED.
 *
 * @throws SluiceError OPTION_INVALID
 */
export const framed = (
  { window = 1 << 20, maxResponse = 100 << 20 }: FramedOptions,
  scheduler: SchedulerLike,
): ((exit: Binding<Net>) => Binding<Messages>) => {
  positive('window', window);
  positive('maxResponse', maxResponse);
  return (exit) => (initial) =>
    initial.pipe(toBytes(window, scheduler), exit, toResponses(window, maxResponse, scheduler));
};

const toBytes =
  (window: number, scheduler: SchedulerLike) =>
  (requests: Observable<Frame<RequestLane>>): Observable<Frame<NetLane>> =>
    new Observable((out) => {
      const account = new Account(window);
      const queue = new RequestBytes((credit) => account.owe(credit), {
        life: out,
        ready: () => gate.wake(),
        // What was sent of the request cannot be taken back.
        failed: ({ message }) => {
          const fault = disconnected(`a request could not be read: ${message}`);
          account.reset(fault);
          gate.close(abort(fault));
        },
      });
      const gate: Gate<NetLane> = new Gate<NetLane>(out, {
        queue,
        refill: () => account.settle(),
        reset: (ext) => account.reset(ext),
        scheduler,
      });
      listen(requests, out, {
        next(frame) {
          switch (frame.kind) {
            case 'begin':
              account.open(frame.control);
              return gate.begin(frame.ext);
            case 'data':
              queue.push(sizeOf(frame.payload));
              for (const piece of frame.payload.pieces) queue.push(piece);
              return gate.wake();
            case 'flush':
              return;
            default:
              return gate.close(frame);
          }
        },
        complete() {
          if (!gate.closing) out.complete();
        },
      });
    });

const toResponses =
  (window: number, maxResponse: number, scheduler: SchedulerLike) =>
  (bytes: Observable<Frame<NetLane>>): Observable<Frame<ResponseLane>> =>
    new Observable((out) => {
      const account = new Account(window);
      const queue = new Fifo<ResponseLane>(() => {});
      const gate = new Gate<ResponseLane>(out, {
        queue,
        refill: () => queue.empty && account.settle(),
        reset: (ext) => account.reset(ext),
        scheduler,
      });
      const assembler = new Assembler(maxResponse, (whole) =>
        gate.accept(data({ bytes: whole }, SIZE + whole.byteLength), queue),
      );
      const refuse = (fault: KafkaError): void => {
        account.reset(fault);
        gate.close(abort(fault));
      };
      listen(bytes, out, {
        next(frame) {
          switch (frame.kind) {
            case 'begin':
              account.open(frame.control);
              return gate.begin(frame.ext);
            case 'data': {
              account.owe(frame.reserved);
              const fault = assembler.take(frame.payload);
              if (fault !== undefined) return refuse(fault);
              // Nothing was sent for a part of a response, and yet its rest needs credit.
              if (queue.empty) account.settle();
              return;
            }
            case 'flush':
              return;
            case 'end':
              return gate.close(assembler.cutShort === undefined ? frame : abort(assembler.cutShort));
            default:
              return gate.close(frame);
          }
        },
        complete() {
          if (!gate.closing) out.complete();
        },
      });
    });

function sizeOf({ pieces }: Request): Uint8Array {
  const size = Buffer.allocUnsafe(SIZE);
  size.writeInt32BE(lengthOf(pieces));
  return size;
}
