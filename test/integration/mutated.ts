import { Observable } from 'rxjs';
import { data } from '../../src/frame.ts';
import { listen } from '../../src/listen.ts';
import type { Net } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';

const SIZE = 4;

/** Hands each whole response, without its size, through `change`, which answers what comes instead. */
export const changing =
  (change: (response: Buffer) => Buffer): ((exit: Binding<Net>) => Binding<Net>) =>
  (exit) =>
  (initial) =>
    new Observable((out) => {
      let received = Buffer.alloc(0);
      listen(exit(initial), out, {
        next(frame) {
          if (frame.kind !== 'data') return out.next(frame);
          received = Buffer.concat([received, frame.payload]);
          while (received.length >= SIZE && received.length >= SIZE + received.readInt32BE()) {
            const end = SIZE + received.readInt32BE();
            const changed = change(Buffer.from(received.subarray(SIZE, end)));
            received = received.subarray(end);
            const size = Buffer.alloc(SIZE);
            size.writeInt32BE(changed.length);
            const bytes = Buffer.concat([size, changed]);
            out.next(data(bytes, bytes.length));
          }
        },
      });
    });

/** Numbers from 0 up to 1 that are the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** One to four of the bytes changed, or cut short, or longer. */
export function mutate(bytes: Buffer, random: () => number): Buffer {
  const kind = random();
  if (kind < 0.1) return bytes.subarray(0, Math.floor(random() * bytes.length));
  if (kind < 0.15) return Buffer.concat([bytes, Buffer.alloc(1 + Math.floor(random() * 20), 7)]);
  const mutant = Buffer.from(bytes);
  for (let n = 1 + Math.floor(random() * 4); n > 0; n -= 1) {
    const at = Math.floor(random() * mutant.length);
    mutant[at] = random() < 0.5 ? Math.floor(random() * 256) : (mutant[at] as number) ^ (1 << Math.floor(random() * 8));
  }
  return mutant;
}
