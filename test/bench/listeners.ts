import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

export interface Asking {
  /** Where. */
  readonly at: NetConnectOpts;
  /** What each asks for. */
  readonly paths: readonly string[];
  /** Whether they read what comes before they are told to. */
  readonly read: boolean;
  /** The number that each has to get first as data, and then one more each time; without it, events are counted only. */
  readonly first?: number;
}

export interface Counted {
  /** How many events have come. */
  readonly events: number;
  /** Events that do not follow the one before them: the first ten. */
  readonly mistakes: readonly string[];
  /** How many are connected. */
  readonly open: number;
  /** The lowest number that one waits for, where numbers are looked at. */
  readonly next: number | undefined;
}

/** What the clients are asked for and answer, in this process or another. */
export interface Listening {
  ask(asking: Asking): void | Promise<void>;
  read(): void;
  count(): Counted | Promise<Counted>;
  close(): void;
}

/** Bare sockets that each ask for the events of a path, and count what comes. */
export class Listeners implements Listening {
  readonly #unread: (() => void)[] = [];
  readonly #sockets: Socket[] = [];
  readonly #checked: { next: number }[] = [];
  readonly #mistakes: string[] = [];
  #events = 0;
  #open = 0;

  async ask({ at, paths, read, first }: Asking): Promise<void> {
    for (const [index, path] of paths.entries()) {
      const socket = connect(at);
      const take = first === undefined ? this.#counter() : this.#checker(path, first);
      const listen = (): void => void socket.on('data', take);
      if (read) listen();
      else this.#unread.push(listen);
      socket
        .on('error', ({ message }) => void this.#mistakes.push(`${path}: ${message}`))
        .write(`GET ${path} HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n`);
      socket.on('connect', () => {
        this.#open += 1;
      });
      socket.on('close', () => {
        this.#open -= 1;
      });
      this.#sockets.push(socket);
      if (index % 100 === 99) await once(socket, 'connect');
    }
  }

  /** Lets those read that did not. */
  read(): void {
    for (const listen of this.#unread.splice(0)) listen();
  }

  count(): Counted {
    const next = this.#checked.map((each) => each.next).sort((a, b) => a - b)[0];
    return { events: this.#events, mistakes: this.#mistakes.slice(0, 10), open: this.#open, next };
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #counter(): (chunk: Buffer) => void {
    let endsInLine = false;
    return (chunk) => {
      if (endsInLine && chunk[0] === D) this.#events += 1;
      for (let at = chunk.indexOf(DATA); at >= 0; at = chunk.indexOf(DATA, at + 1)) this.#events += 1;
      endsInLine = chunk[chunk.length - 1] === NEW_LINE;
    };
  }

  #checker(path: string, first: number): (chunk: Buffer) => void {
    const state = { next: first };
    this.#checked.push(state);
    let rest = '';
    return (chunk) => {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop() as string;
      for (const line of lines) {
        if (!line.startsWith('data:')) continue;
        this.#events += 1;
        const number = Number.parseInt(line.slice('data:'.length), 10);
        if (number !== state.next) this.#mistakes.push(`${path}: ${number} in place of ${state.next}`);
        state.next = number + 1;
      }
    };
  }
}

const NEW_LINE = 0x0a;
const D = 0x64;
const DATA = Buffer.from('\nd');

/** The same in a process of its own. */
export class RemoteListeners implements Listening {
  readonly #child: ChildProcess = fork(fileURLToPath(import.meta.url), ['listen']);

  ask(asking: Asking): void {
    this.#child.send(asking);
  }

  read(): void {
    this.#child.send('read');
  }

  async count(): Promise<Counted> {
    this.#child.send('count');
    const [counted] = (await once(this.#child, 'message')) as [Counted];
    return counted;
  }

  close(): void {
    this.#child.kill();
  }
}

/** How long none may come of what is waited for, in milliseconds. */
const PATIENCE = 60_000;

/** Waits until all are connected, and have got so many events; throws what is missing when nothing comes any more. */
export async function arrived(listeners: Listening, open: number, events: number): Promise<void> {
  let before = '';
  let since = performance.now();
  for (;;) {
    const counted = await listeners.count();
    if (counted.open === open && counted.events >= events) return;
    const now = `${counted.events} of ${events} events came, ${counted.open} of ${open} clients are connected`;
    if (now !== before) [before, since] = [now, performance.now()];
    else if (performance.now() - since > PATIENCE)
      throw new Error(
        [
          now,
          ...(counted.next === undefined ? [] : [`one waits for number ${counted.next}`]),
          ...counted.mistakes,
        ].join('; '),
      );
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

if (process.argv[2] === 'listen') {
  const listeners = new Listeners();
  process.on('disconnect', () => process.exit());
  process.on('message', (message: 'count' | 'read' | Asking) => {
    if (message === 'count') process.send?.(listeners.count());
    else if (message === 'read') listeners.read();
    else void listeners.ask(message);
  });
}
