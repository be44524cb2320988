import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosProxy } from './chaos-proxy.ts';
import { launch } from './jvm.ts';
import type { BrokerPlan } from './properties.ts';
import { ready } from './ready.ts';

const START_WITHIN = 60_000;
const STOP_WITHIN = 30_000;
const TAIL = 60;

/** One broker's process. Its ports and its data stay the same when it is started again. */
export class Broker {
  readonly id: number;
  readonly ports: BrokerPlan['ports'];
  /** The proxy that PLAINTEXT clients are sent to, in a cluster started with `proxied`. */
  readonly proxy: ChaosProxy | undefined;
  readonly #plan: BrokerPlan;
  readonly #java: readonly string[];
  readonly #root: string;
  #process: ChildProcess | undefined;

  /**
   * @param java arguments of the JVM
   * @param root directory that goes when this process dies with the broker running
   */
  constructor(plan: BrokerPlan, java: readonly string[], root: string, proxy?: ChaosProxy) {
    this.id = plan.id;
    this.ports = plan.ports;
    this.proxy = proxy;
    this.#plan = plan;
    this.#java = java;
    this.#root = root;
  }

  get running(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** The JVM's process id, while it runs. */
  get pid(): number | undefined {
    return this.running ? this.#process?.pid : undefined;
  }

  /**
   * Starts the broker if it does not run, and resolves when it answers a client and knows the brokers `ids` (default: itself).
   * @throws Error with the tail of its log, when it ends or is not ready within a minute; it is killed then.
   */
  async start(ids: readonly number[] = [this.id]): Promise<void> {
    if (!this.running) this.#launch();
    const tries = new AbortController();
    once(this.#process!, 'exit').then(
      () => tries.abort(new Error('it ended')),
      (error) => tries.abort(error),
    );
    const late = setTimeout(() => tries.abort(new Error(`it was not ready after ${START_WITHIN} ms`)), START_WITHIN);
    try {
      await ready(this.ports.INTERNAL, ids, tries.signal);
    } catch (error) {
      await this.kill();
      throw new Error(`broker ${this.id} did not start: ${(error as Error).message}\n${this.log()}`, { cause: error });
    } finally {
      clearTimeout(late);
    }
  }

  /** SIGKILL: what it had not written is lost, and its peers find out by themselves. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM: it hands its partitions over and closes its log; killed if that takes more than 30 s. */
  async stop(): Promise<void> {
    const late = new AbortController();
    const killer = sleep(STOP_WITHIN, undefined, { signal: late.signal }).then(
      () => this.kill(),
      () => {},
    );
    this.resume();
    await this.#end('SIGTERM');
    late.abort();
    await killer;
  }

  /** SIGSTOP: its connections stay open and nothing answers. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  /** SIGCONT: it goes on where it was paused. */
  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** The last lines of its log, warnings and worse. */
  log(): string {
    const lines = readFileSync(join(this.#plan.directory, 'broker.log'), 'utf8').split('\n');
    return lines.slice(-TAIL).join('\n');
  }

  #launch(): void {
    const log = openSync(join(this.#plan.directory, 'broker.log'), 'a');
    this.#process = launch(this.#java, log, this.#root);
    closeSync(log);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return;
    const exit = once(this.#process!, 'exit');
    this.#process!.kill(signal);
    await exit;
  }
}
