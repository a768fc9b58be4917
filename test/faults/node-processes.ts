/** The nodes under fire, each a process that can be killed, frozen and started again. None outlives the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('node-main.ts', import.meta.url));

/** `unfenced`: it lacks the fence. */
export type Fence = 'fenced' | 'unfenced';

interface Running {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Called at each line, and at the end. */
  readonly listeners: Set<() => void>;
}

export class NodeProcesses implements AsyncDisposable {
  readonly #cluster: string;
  readonly #replicas: readonly string[];
  readonly #running = new Map<string, Running>();

  /** @param replicas Default: by the number of servers that a node hears of. */
  constructor(cluster: string, replicas?: 1 | 3) {
    this.#cluster = cluster;
    this.#replicas = replicas === undefined ? [] : [`${replicas}`];
  }

  /** Resolves when it is a member. Rejects with what it said when it ends before. */
  async start(name: string, urls: readonly string[], fence: Fence = 'fenced'): Promise<void> {
    const child = spawn(process.execPath, [main, name, this.#cluster, urls.join(','), fence, ...this.#replicas], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const running: Running = { child, lines: [], listeners: new Set() };
    this.#running.set(name, running);
    const told = () => {
      for (const listener of running.listeners) listener();
    };
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        running.lines.push(line);
        told();
      });
    }
    child.once('exit', told);
    await this.said(name, 'ready');
  }

  /** Resolves when the process has said the line so often in all. Rejects when it ends before, with what it said. */
  said(name: string, line: string, times = 1): Promise<void> {
    const { child, lines, listeners } = this.#get(name);
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.#count(lines, line) >= times) resolve();
        else if (child.exitCode !== null || child.signalCode !== null)
          reject(new Error(`${name} ended before it said "${line}":\n${lines.slice(-40).join('\n')}`));
        else return;
        listeners.delete(look);
      };
      listeners.add(look);
      look();
    });
  }

  /** How often the process that has this name now has said the line. */
  count(name: string, line: string): number {
    return this.#count(this.#get(name).lines, line);
  }

  async kill(name: string): Promise<void> {
    await this.#end(name, 'SIGKILL');
  }

  /** In order: it leaves the cluster first. */
  async stop(name: string): Promise<void> {
    await this.#end(name, 'SIGTERM');
  }

  /**
   * For a process that will freeze itself: how to wake it up, which happens also when this process is killed, since the
   * shell that wakes it sees the end of its input then.
   */
  async alarmClock(name: string): Promise<() => Promise<void>> {
    const { pid } = this.#get(name).child;
    const shell = spawn('sh', ['-c', `echo set; cat; kill -CONT ${pid}`], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(shell.stdout, 'data');
    return async () => {
      const ended = once(shell, 'exit');
      shell.stdin.end();
      await ended;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.kill(name)));
  }

  async #end(name: string, signal: NodeJS.Signals): Promise<void> {
    const { child } = this.#get(name);
    this.#running.delete(name);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  #count(lines: readonly string[], line: string): number {
    return lines.filter((each) => each === line).length;
  }

  #get(name: string): Running {
    const running = this.#running.get(name);
    if (running === undefined) throw new Error(`${name} does not run.`);
    return running;
  }
}
