import { Observable } from 'rxjs';
import { isFault, positive } from '../../src/errors.ts';
import { type Client, type ClientOptions, sharedClient } from '../../src/kafka/client.ts';
import type { Sasl } from '../../src/kafka/sasl.ts';
import type { Context } from '../../src/kafka/streams/context.ts';
import { open } from '../../src/kafka/streams/open.ts';
import { listen } from '../../src/listen.ts';
import type { Authorization } from '../../src/protocol/guard.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import { answer } from '../../src/protocol/kafka-stream.ts';
import type { Endpoint, Net } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';
import { refusing, route } from '../flow/route.ts';

/** Who brokers are shown for a stream, where that is not who this graph itself is. */
export interface Shown {
  /** What differs where credentials do: streams share connections where it is the same, and nowhere else. It is a secret. */
  readonly key: string;
  readonly sasl: Sasl;
}

export interface KafkaClientOptions extends ClientOptions {
  /** Where to begin to look for the cluster, at least one; its brokers say the rest. */
  readonly servers: readonly Endpoint[];
  /**
   * The most bytes that the records of a batch may inflate to, an integer >= 1; 64 MiB by default. A batch that is
   * larger than a quarter of that may inflate to four times its size.
   */
  readonly maxInflated?: number;
  /** The credit of a lane that produces, in bytes, an integer >= 1; 1 MiB by default. A record may be larger. */
  readonly produceWindow?: number;
  /**
   * Who brokers are shown for a stream, by what guards found of whom it is for; `undefined` for who `sasl` says, which is so
   * for all streams by default. A fault that it throws refuses the stream.
   */
  readonly shownFor?: (authorization: Authorization | undefined) => Shown | undefined;
}

/** How long connections in the name of one outlive its last stream, in milliseconds: most come back. */
const LINGER_SHOWN = 10_000;

/**
 * Speaks Kafka's protocol to the brokers of a cluster, which it reaches through `exit`: the streams of Kafka topics at
 * its entry, connections at its exit. All its streams share its connections and metadata, one fetch request per broker
 * and one producer; but for streams that are opened in somebody's name, who has all of that apart.
 *
 * What may heal is tried again, ever more slowly, and told to `onRetry`: leaders that move, brokers that go and come.
 * What will not is the ABORT of the streams it concerns: KAFKA_ERROR with Kafka's own code and name, or what
 * `docs/errors.md` lists under KAFKA, NET and TLS.
 *
 * @throws SluiceError OPTION_INVALID
 *
 * @example
 * const kafka = client(tcpClient(), { servers: [{ address: '127.0.0.1', port: 9092 }] });
 */
export function client(exit: Binding<Net>, options: KafkaClientOptions): Binding<Kafka> {
  const { servers, maxInflated = 64 * 1024 * 1024, metadataMaxAge = 30_000 } = options;
  const { scheduler = eventLoop, onRetry = () => {}, produceWindow = 1 << 20, shownFor } = options;
  positive('maxInflated', maxInflated);
  positive('produceWindow', produceWindow);
  const answering =
    (clients: Observable<Client>): Binding<Kafka> =>
    (initial) =>
      new Observable((out) => {
        listen(clients, out, {
          next(shared) {
            const context: Context = {
              ...shared,
              metadataMaxAge,
              maxInflated,
              produceWindow,
              maxRecord: options.maxRequestSize,
              backoff: options,
              scheduler,
              onRetry,
            };
            listen(answer((begin, stream) => open(context, begin, stream), scheduler)(initial), out, {
              next: (frame) => out.next(frame),
            });
          },
        });
      });
  const own = answering(sharedClient(exit, servers, options));
  if (shownFor === undefined) return own;

  const shown = new Map<string, Binding<Kafka>>();
  const inTheNameOf = ({ key, sasl }: Shown): Binding<Kafka> => {
    const onClose = (): boolean => shown.delete(key);
    const settings = { ...options, sasl: { ...sasl, onBehalf: true as const }, linger: LINGER_SHOWN, onClose };
    const made = shown.get(key) ?? answering(sharedClient(exit, servers, settings));
    shown.set(key, made);
    return made;
  };
  return route(({ authorization }) => {
    try {
      const who = shownFor(authorization);
      return who === undefined ? own : inTheNameOf(who);
    } catch (thrown) {
      if (isFault(thrown)) return refusing(thrown);
      throw thrown;
    }
  });
}
