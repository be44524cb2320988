import type { Net } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';

/**
 * Sends back what it is sent.
 *
 *     initial   B-a-b-(E|)
 *     reply     B-a-b-(E|)
 *
 * - *emits* every frame it receives, BEGIN and its extension included
 * - *drops* nothing
 * - *backpressures* when its receiver does: credit for the reply is credit for the initial lane, and so is a RESET
 * - *ends* when the initial lane does
 */
export const echoServer = (): Binding<Net> => (initial) => initial;
