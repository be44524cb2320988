import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

export interface Asking {
  readonly port: number;
  /** What each asks for. */
  readonly paths: readonly string[];
  /** Whether they read what comes before they are told to. */
  readonly read: boolean;
  /** Whether the numbers that events have as data are held against each other. */
  readonly check: boolean;
}

export interface Counted {
  /** How many events have come. */
  readonly events: number;
  /** Events that do not follow the one before them: the first ten. */
  readonly mistakes: readonly string[];
  /** How many are connected. */
  readonly open: number;
}

/** Bare sockets that each ask for the events of a path, and count what comes. */
export class Listeners {
  readonly #unread: (() => void)[] = [];
  readonly #sockets: Socket[] = [];
  readonly #mistakes: string[] = [];
  #events = 0;
  #open = 0;

  async ask({ port, paths, read, check }: Asking): Promise<void> {
    for (const [index, path] of paths.entries()) {
      const socket = connect({ port, host: '127.0.0.1' });
      const listen = (): void => void socket.on('data', check ? this.#checker(path) : this.#counter());
      if (read) listen();
      else this.#unread.push(listen);
      socket.on('error', () => {}).write(`GET ${path} HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n`);
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
    return { events: this.#events, mistakes: this.#mistakes.slice(0, 10), open: this.#open };
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

  /** Each number is to be one more than that before. */
  #checker(path: string): (chunk: Buffer) => void {
    let [rest, next] = ['', 0];
    return (chunk) => {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop() as string;
      for (const line of lines) {
        if (!line.startsWith('data:')) continue;
        this.#events += 1;
        const number = Number.parseInt(line.slice('data:'.length), 10);
        if (number !== next) this.#mistakes.push(`${path}: ${number} in place of ${next}`);
        next = number + 1;
      }
    };
  }
}

const NEW_LINE = 0x0a;
const D = 0x64;
const DATA = Buffer.from('\nd');

/** The same in a process of its own. */
export class RemoteListeners {
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

if (process.argv[2] === 'listen') {
  const listeners = new Listeners();
  process.on('message', (message: 'count' | 'read' | Asking) => {
    if (message === 'count') process.send?.(listeners.count());
    else if (message === 'read') listeners.read();
    else void listeners.ask(message);
  });
}
