/** The nodes under fire, each a process that can be killed, frozen and started again. None outlives the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('node-main.ts', import.meta.url));

export class NodeProcesses implements AsyncDisposable {
  readonly #cluster: string;
  readonly #running = new Map<string, ChildProcess>();

  constructor(cluster: string) {
    this.#cluster = cluster;
  }

  /** Resolves when it is a member. Rejects with what it said when it ends before. */
  async start(name: string, urls: readonly string[]): Promise<void> {
    const child = spawn(process.execPath, [main, name, this.#cluster, urls.join(',')], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#running.set(name, child);
    let said = '';
    child.stderr.on('data', (data: Buffer) => {
      said = (said + data.toString()).slice(-4_000);
    });
    const ready = once(createInterface({ input: child.stdout }), 'line').then(() => true);
    const ended = once(child, 'exit').then(() => false);
    if (!(await Promise.race([ready, ended]))) throw new Error(`${name} ended before it was ready:\n${said}`);
  }

  async kill(name: string): Promise<void> {
    await this.#end(name, 'SIGKILL');
  }

  /** In order: it leaves the cluster first. */
  async stop(name: string): Promise<void> {
    await this.#end(name, 'SIGTERM');
  }

  /**
   * SIGSTOP. Returns how to wake it up, which happens also when this process is killed: the shell that froze it sees the
   * end of its input then.
   */
  async freeze(name: string): Promise<() => Promise<void>> {
    const { pid } = this.#child(name);
    const script = `kill -STOP ${pid}; echo frozen; cat; kill -CONT ${pid}`;
    const shell = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
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
    const child = this.#child(name);
    this.#running.delete(name);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  #child(name: string): ChildProcess {
    const child = this.#running.get(name);
    if (child === undefined) throw new Error(`${name} does not run.`);
    return child;
  }
}
