import { finalize, Observable, ReplaySubject, type SchedulerLike, share, switchMap } from 'rxjs';
import { grace } from '../life.ts';
import type { Endpoint, Net } from '../protocol/net.ts';
import type { Binding } from '../protocol.ts';
import { codecsReady } from '../records/codecs/index.ts';
import { eventLoop } from '../scheduler.ts';
import { Cluster, type ClusterOptions } from './cluster.ts';
import { Producer, type ProducerOptions } from './producer/producer.ts';
import { Fetchers, type FetchersOptions } from './reading/fetchers.ts';

export interface ClientOptions extends ClusterOptions, FetchersOptions, ProducerOptions {
  readonly scheduler?: SchedulerLike;
}

/** What all streams of a binding share while there are any: connections, metadata, fetchers and the producer. */
export interface Client {
  readonly cluster: Cluster;
  readonly fetchers: Fetchers;
  readonly producer: Producer;
}

export interface SharedClientOptions extends ClientOptions {
  /** How long it outlives the last stream that needs it, in milliseconds; 1,000 by default. */
  readonly linger?: number;
  /** Told when it is closed. */
  readonly onClose?: () => void;
}

/** One client, made when it is first subscribed to, and closed soon after the last has left. */
export function sharedClient(
  exit: Binding<Net>,
  servers: readonly Endpoint[],
  options: SharedClientOptions,
): Observable<Client> {
  const { scheduler = eventLoop, linger = 1_000, onClose = () => {} } = options;
  const clients = new Observable<Client>((out) => {
    const cluster = new Cluster(exit, servers, options);
    const fetchers = new Fetchers(cluster, options, (defect) => out.error(defect));
    const producer = new Producer(cluster, options);
    out.add(() => {
      producer.close();
      fetchers.close();
      cluster.close();
    });
    out.next({ cluster, fetchers, producer });
  });
  return codecsReady.pipe(
    switchMap(() => clients),
    finalize(onClose),
    share({ connector: () => new ReplaySubject<Client>(1), resetOnRefCountZero: () => grace(linger, scheduler) }),
  );
}
