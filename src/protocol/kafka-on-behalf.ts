import { map } from 'rxjs';
import { begin } from '../frame.ts';
import type { Binding } from '../protocol.ts';
import type { Authorization } from './guard.ts';
import type { Kafka } from './kafka.ts';

/** An exit whose streams are opened for somebody whom guards recognised; the exit itself, for nobody. */
export const onBehalf = (exit: Binding<Kafka>, authorization: Authorization | undefined): Binding<Kafka> =>
  authorization === undefined || authorization.size === 0
    ? exit
    : (initial) =>
        exit(
          initial.pipe(
            map((frame) => (frame.kind === 'begin' ? begin({ ...frame.ext, authorization }, frame.control) : frame)),
          ),
        );
