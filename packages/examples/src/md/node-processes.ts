/**
 * The nodes of the demo as processes of their own. They are not in the terminal's process group, so that Ctrl-C reaches
 * the demo alone, which ends them in order; when the demo itself is killed they see the end of their standard input.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { JaegisError } from 'jaegis';

export interface NodeProcessesOptions {
  readonly cluster: string;
  readonly urls: readonly string[];
  readonly history: number;
  readonly threads: number;
}

const cli = fileURLToPath(import.meta.resolve('@jaegis/cli/main'));
const app = fileURLToPath(new URL('./app.ts', import.meta.url));

export class NodeProcesses {
  readonly #options: NodeProcessesOptions;
  readonly #running = new Map<string, ChildProcess>();
  #ending = false;

  constructor(options: NodeProcessesOptions) {
    this.#options = options;
  }

  get urls(): readonly string[] {
    return this.#options.urls;
  }

  get names(): string[] {
    return [...this.#running.keys()];
  }

  /** Resolves when the node is a member of the cluster. Rejects with what it said when it ends before. */
  async start(name: string): Promise<void> {
    const { cluster, urls, history, threads } = this.#options;
    const flags = ['--name', name, '--cluster', cluster, '--nats', urls.join(','), '--app', app];
    const limits = ['--history', `${history}`, '--threads', `${threads}`, '--log-level', 'error'];
    const child = spawn(process.execPath, [cli, 'node', ...flags, ...limits, '--end-with-parent'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.#running.set(name, child);
    let said = '';
    child.stderr?.on('data', (data: Buffer) => {
      said = (said + data.toString()).slice(-4_000);
    });
    child.once('exit', () => {
      if (this.#running.get(name) === child) this.#running.delete(name);
    });
    const ready = once(createInterface({ input: child.stdout }), 'line').then(() => true);
    const ended = once(child, 'exit').then(() => false);
    if (await Promise.race([ready, ended])) return;
    if (!this.#ending) throw new JaegisError('server_failed', `Node ${name} ended before it was ready:\n${said}`);
  }

  /** SIGKILL: no goodbye. */
  kill(name: string): void {
    this.#running.get(name)?.kill('SIGKILL');
  }

  /** Ends all of them in order; by force those that take too long. */
  async stop(): Promise<void> {
    this.#ending = true;
    await Promise.all(
      [...this.#running.values()].map(async (child) => {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        const force = setTimeout(() => child.kill('SIGKILL'), 3_000);
        await ended;
        clearTimeout(force);
      }),
    );
  }
}
