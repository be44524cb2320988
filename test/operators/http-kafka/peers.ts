import type { HttpServerOptions } from '../../../operators/http/server.ts';
import { type HttpKafkaProxyOptions, httpKafkaProxy } from '../../../operators/http-kafka/proxy.ts';
import type { HttpKafkaRoute } from '../../../operators/http-kafka/routes.ts';
import { lawful } from '../../../src/lawful.ts';
import type { Kafka } from '../../../src/protocol/kafka.ts';
import type { Binding } from '../../../src/protocol.ts';
import { exchanged, servingHttp } from '../../src/net/http-peers.ts';
import type { MemoryKafka } from './memory-kafka.ts';

/** The same exit, held to the laws on both its lanes. */
const lawfully =
  (exit: Binding<Kafka>): Binding<Kafka> =>
  (initial) =>
    initial.pipe(lawful('kafka initial'), exit, lawful('kafka reply'));

/** A route without its exit, which is the one of all. */
export type Led = Omit<HttpKafkaRoute, 'exit'>;

/** An http server in front of topics, with its joints held to the laws. Stopping it shows whether all were kept. */
export async function serving(
  kafka: MemoryKafka,
  routes: readonly Led[],
  options: Omit<HttpKafkaProxyOptions, 'routes'> = {},
  drain = 0,
  http: HttpServerOptions = {},
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const led = routes.map((route) => ({ ...route, exit: lawfully(kafka.binding) }));
  const { port, stop, defects } = await servingHttp(httpKafkaProxy({ routes: led, ...options }), http, drain);
  return {
    port,
    async stop() {
      await stop();
      expect(defects).toEqual([]);
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a request is answered with. */
export async function ask(
  port: number,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<Answer> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body === undefined || 'Transfer-Encoding' in headers ? '' : `Content-Length: ${body.length}\r\n`;
  const head = `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines.join('')}${length}\r\n`;
  const text = await exchanged(port, `${head}${body ?? ''}`);
  const split = text.indexOf('\r\n\r\n');
  const [first = '', ...rest] = text.slice(0, split).split('\r\n');
  const found = Object.fromEntries(
    rest.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  const raw = text.slice(split + 4);
  return {
    status: Number(first.split(' ')[1]),
    headers: found,
    body: found['transfer-encoding'] === 'chunked' ? unchunked(raw) : raw,
  };
}

function unchunked(raw: string): string {
  let text = '';
  for (let at = 0; ; ) {
    const end = raw.indexOf('\r\n', at);
    const size = Number.parseInt(raw.slice(at, end), 16);
    if (!(size > 0)) return text;
    text += raw.slice(end + 2, end + 2 + size);
    at = end + 4 + size;
  }
}
