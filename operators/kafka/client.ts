import { Observable } from 'rxjs';
import { positive } from '../../src/errors.ts';
import { type ClientOptions, sharedClient } from '../../src/kafka/client.ts';
import type { Context } from '../../src/kafka/streams/context.ts';
import { open } from '../../src/kafka/streams/open.ts';
import { listen } from '../../src/listen.ts';
import type { Kafka } from '../../src/protocol/kafka.ts';
import { answer } from '../../src/protocol/kafka-stream.ts';
import type { Endpoint, Net } from '../../src/protocol/net.ts';
import type { Binding } from '../../src/protocol.ts';
import { eventLoop } from '../../src/scheduler.ts';

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
}

/**
 * Speaks Kafka's protocol to the brokers of a cluster, which it reaches through `exit`: the streams of Kafka topics at
 * its entry, connections at its exit. All its streams share its connections and metadata, one fetch request per broker
 * and one producer.
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
  const { scheduler = eventLoop, onRetry = () => {}, produceWindow = 1 << 20 } = options;
  positive('maxInflated', maxInflated);
  positive('produceWindow', produceWindow);
  const clients = sharedClient(exit, servers, options);
  return (initial) =>
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
}
