import { Observable, ReplaySubject, type SchedulerLike, share, switchMap, timer } from 'rxjs';
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

/** How long what is shared outlives the last stream that needs it, in milliseconds. */
const LINGER = 1_000;

/** One client, made when it is first subscribed to, and closed soon after the last has left. */
export function sharedClient(
  exit: Binding<Net>,
  servers: readonly Endpoint[],
  options: ClientOptions,
): Observable<Client> {
  const { scheduler = eventLoop } = options;
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
    share({ connector: () => new ReplaySubject<Client>(1), resetOnRefCountZero: () => timer(LINGER, scheduler) }),
  );
}
