/** The nodes under fault, each a process that is killed, stopped and started again. None outlives this process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { monotonicMs } from './monotonic.ts';
import type { LocalAsk } from './node-main.ts';

const main = fileURLToPath(new URL('node-main.ts', import.meta.url));
const SAID = 4_000;

interface Running {
  readonly child: ChildProcess;
  /** When its code was loaded. */
  readonly up: Promise<number>;
  readonly ready: Promise<number>;
  readonly ended: Promise<unknown>;
  readonly asks: LocalAsk[];
  said: string;
}

export class NodeProcesses {
  readonly #cluster: string;
  readonly #running = new Map<string, Running>();

  constructor(cluster: string) {
    this.#cluster = cluster;
  }

  get names(): string[] {
    return [...this.#running.keys()];
  }

  /** Both settle with what it said when it ends before. */
  start(name: string, urls: readonly string[]): Pick<Running, 'up' | 'ready'> {
    const child = spawn(process.execPath, [main, name, this.#cluster, urls.join(',')], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const [up, ready] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
    const ended = once(child, 'exit');
    const running: Running = { child, up: up.promise, ready: ready.promise, ended, asks: [], said: '' };
    this.#running.set(name, running);
    child.stdin.on('error', () => {}); // told by its end
    child.stderr.on('data', (data: Buffer) => {
      running.said = `${running.said}${data}`.slice(-SAID);
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as { up?: number; ready?: number; local?: LocalAsk }; // written by node-main
      if (said.up !== undefined) up.resolve(said.up);
      if (said.ready !== undefined) ready.resolve(said.ready);
      if (said.local !== undefined) running.asks.push(said.local);
    });
    void ended.then(() => {
      const early = new Error(`Node ${name} ended before it was ready:\n${running.said}`);
      up.reject(early);
      ready.reject(early);
    });
    up.promise.catch(() => {}); // who waits for `ready` is told
    ready.promise.catch(() => {});
    return running;
  }

  /** When the signal was sent. */
  signal(name: string, signal: NodeJS.Signals): number {
    const at = monotonicMs();
    this.#get(name).child.kill(signal);
    return at;
  }

  async ended(name: string): Promise<void> {
    await this.#get(name).ended;
    this.#running.delete(name);
  }

  async kill(name: string): Promise<void> {
    this.signal(name, 'SIGKILL');
    await this.ended(name);
  }

  /** It asks this counter of its own from now on, and keeps what becomes of that. */
  askLocally(name: string, key: string): readonly LocalAsk[] {
    const { child, asks } = this.#get(name);
    asks.length = 0;
    child.stdin?.write(`${key}\n`);
    return asks;
  }

  /** What it wrote on its standard error, at most the last of it. */
  said(name: string): string {
    return this.#get(name).said;
  }

  async stop(): Promise<void> {
    await Promise.all(this.names.map((name) => this.kill(name)));
  }

  #get(name: string): Running {
    const running = this.#running.get(name);
    if (running === undefined) throw new Error(`${name} does not run.`);
    return running;
  }
}
