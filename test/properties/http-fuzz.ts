import { Observable } from 'rxjs';
import { sseServer } from '../../operators/sse/server.ts';
import { emit, emitter } from '../../src/emitter.ts';
import { data, end } from '../../src/frame.ts';
import { listen } from '../../src/listen.ts';
import { type Http, headersOf } from '../../src/protocol/http.ts';
import type { Sse } from '../../src/protocol/sse.ts';
import { events, SseBody } from '../../src/protocol/sse-events.ts';
import type { Binding } from '../../src/protocol.ts';
import { mutate, seeded } from '../integration/mutated.ts';
import { curl, remains, servingHttp } from '../src/net/http-peers.ts';
import { connected, until } from '../src/net/peers.ts';

export interface FuzzResult {
  /** How many connections were answered with each status; `none` where nothing came back. */
  readonly statuses: Readonly<Record<string, number>>;
  /** What should not be. */
  readonly mistakes: readonly string[];
  /** Streams that are still open. */
  readonly open: number;
  /** What a well-formed request is answered afterwards, in 1.1 and in h2. */
  readonly after: readonly string[];
}

const LONG = 'l'.repeat(3_000);
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** SETTINGS without any, and HEADERS of a GET of http://x/ that end the stream. */
const FRAMES = Buffer.from('000000040000000000000006010500000001828684410178', 'hex');

const requests: readonly (string | Buffer)[] = [
  'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello',
  'PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: t\r\n\r\n3\r\nabc\r\n0\r\nt: u\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab',
  'GET http://y/z HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUpgrade: h2c\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: x\r\nOrigin: https://o\r\nAccess-Control-Request-Method: PUT\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${LONG}\r\n\r\n`,
  `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\n${LONG}`,
  'GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n',
  Buffer.concat([PREFACE, FRAMES]),
];

/** Sends so many malformed requests, each over a connection of its own, to a server with small limits. */
export async function fuzz(rounds: number, seed: number, atOnce = 200): Promise<FuzzResult> {
  const statuses: Record<string, number> = {};
  const mistakes: string[] = [];
  const streams = { open: 0 };
  const server = await servingHttp(counting(streams), {
    maxHeaders: 2_048,
    maxBody: 2_048,
    headersTimeout: 200,
    bodyTimeout: 200,
    idleTimeout: 200,
    accessControl: { policy: 'cross-origin' },
  });

  const round = async (index: number): Promise<void> => {
    const random = seeded(seed + index);
    const bytes = malformed(random);
    const answer = await answerTo(server.port, bytes, random);
    const [status] = answer.startsWith('\0\0') ? ['h2'] : (/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.slice(1) ?? ['none']);
    statuses[status as string] = (statuses[status as string] ?? 0) + 1;
    if (answer !== '' && status === 'none') mistakes.push(`round ${index}: ${JSON.stringify(answer.slice(0, 80))}`);
    if (status === '500')
      mistakes.push(`round ${index}: 500 to ${JSON.stringify(bytes.toString('latin1').slice(0, 200))}`);
  };

  for (let index = 0; index < rounds; index += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, rounds - index) }, (_, one) => round(index + one)));
  }
  await until(() => streams.open === 0);
  const url = `http://127.0.0.1:${server.port}/`;
  const after = [await curl('-d', 'well', url), await curl('--http2-prior-knowledge', '-d', 'well', url)];
  for (const defect of server.defects) mistakes.push(`a defect: ${defect}`);
  await server.stop();
  return { statuses, mistakes, open: streams.open, after };
}

/** A request with some bytes flipped, left out, put in or repeated, and now and then one that is none at all. */
function malformed(random: () => number): Buffer {
  const chosen = Buffer.from(requests[Math.floor(random() * requests.length)] as string);
  if (random() < 0.05) return Buffer.from(Array.from({ length: 64 }, () => Math.floor(random() * 256)));
  let bytes: Buffer = chosen;
  for (let times = Math.ceil(random() * 3); times > 0; times -= 1) bytes = Buffer.from(mutate(bytes, random));
  return bytes;
}

/** What comes back until the server is done, or has said nothing for a while. */
async function answerTo(port: number, bytes: Buffer, random: () => number): Promise<string> {
  const socket = await connected(port);
  let answer = '';
  const over = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.once('end', resolve).once('close', resolve);
  });
  const cut = Math.floor(random() * bytes.byteLength);
  socket.write(bytes.subarray(0, cut));
  socket.write(bytes.subarray(cut));
  if (random() < 0.3) socket.end();
  await over;
  socket.destroy();
  return answer;
}

/** Takes a body to its end, and then sends it back; counts what is open. */
const counting =
  (streams: { open: number }): Binding<Http> =>
  (initial) =>
    new Observable((out) => {
      streams.open += 1;
      out.add(() => {
        streams.open -= 1;
      });
      const parts: Uint8Array[] = [];
      let whole: Uint8Array | undefined;
      const outlet = emit<Http['reply']>(out, {
        pull(balance) {
          if (whole === undefined) return undefined;
          if (whole.byteLength === 0) return end();
          if (balance < whole.byteLength) return undefined;
          const bytes = whole;
          whole = new Uint8Array();
          return data(bytes, bytes.byteLength);
        },
      });
      listen(initial, out, {
        next(frame) {
          if (frame.kind === 'begin') frame.control({ kind: 'window', credit: 1 << 20 });
          if (frame.kind === 'data') parts.push(frame.payload);
          if (frame.kind === 'end') {
            whole = Buffer.concat(parts);
            outlet.begin({ headers: headersOf({ ':status': '200' }) });
          }
        },
        complete() {},
      });
    });

/**
 * Lets so many clients listen, each for a while: some leave in the middle, with a word or a reset, some stop to read, some
 * stay to the end and must have had all.
 */
export async function comings(clients: number, seed: number, atOnce = 100) {
  const streams = { open: 0, opened: 0 };
  const mistakes: string[] = [];
  const exit: Binding<Sse> = () =>
    emitter<Sse['reply']>(undefined, (_wake, out) => {
      let number = 0;
      streams.open += 1;
      streams.opened += 1;
      out.add(() => {
        streams.open -= 1;
      });
      return {
        pull(balance) {
          if (number === EVENTS) return end();
          if (balance <= 0) return undefined;
          number += 1;
          return events([{ id: String(number), body: new SseBody(Buffer.alloc(1_000, 'e')) }]);
        },
      };
    });
  const server = await servingHttp(sseServer({ heartbeat: 20 })(exit), { writeTimeout: 200 });

  const client = async (index: number): Promise<void> => {
    const random = seeded(seed + index);
    const socket = await connected(server.port);
    const fate = random();
    const heard = remains(socket);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    if (fate < 0.6) await new Promise((resolve) => setTimeout(resolve, random() * 20));
    if (fate < 0.2) socket.destroy();
    else if (fate < 0.4) socket.resetAndDestroy();
    else if (fate < 0.6) socket.pause();
    else {
      const ids = [...(await heard).matchAll(/^id:(\d+)$/gm)].map(([, id]) => Number(id));
      if (ids.length !== EVENTS || ids.some((id, at) => id !== at + 1)) mistakes.push(`client ${index}: ${ids.length}`);
    }
    if (fate >= 0.4 && fate < 0.6) setTimeout(() => socket.destroy(), 300);
    else socket.destroy();
  };

  for (let index = 0; index < clients; index += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, clients - index) }, (_, one) => client(index + one)));
  }
  await until(() => streams.open === 0);
  for (const defect of server.defects) mistakes.push(`a defect: ${defect}`);
  await server.stop();
  return { ...streams, mistakes };
}

const EVENTS = 200;
