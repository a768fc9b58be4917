/**
 * The nodes of `jaegis dev`, each a process: started, replaced, and started again when one ends by itself. They are not
 * in the terminal's process group, so that Ctrl-C reaches this process alone, which ends them in order; when it is killed
 * they see the end of their standard input and end too.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export type NodeState = 'starting' | 'running' | 'stopping' | 'down';

export interface DevNodesOptions {
  /** Of `jaegis node`, but for the name. */
  readonly flags: readonly string[];
  /** A line that a node wrote. */
  readonly onLine: (name: string, line: string) => void;
  readonly onState: (name: string, state: NodeState) => void;
  readonly say: (text: string) => void;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** A node that has not handed over within this is ended by force, in ms. */
const stopMs = 20_000;
/** Before a node that ended by itself is started again; twice as long each time that it does not even start. */
const firstPauseMs = 500;
const longestPauseMs = 30_000;

/** From the sources it ends with .ts, from the published package with .js. */
const program = fileURLToPath(new URL(`../main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

export class DevNodes implements AsyncDisposable {
  readonly #options: DevNodesOptions;
  readonly #running = new Map<string, Child>();
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  readonly #pauses = new Map<string, number>();
  #isEnding = false;

  constructor(options: DevNodesOptions) {
    this.#options = options;
  }

  /** Resolves when it is a member of the cluster, with false when it ended before. */
  async start(name: string): Promise<boolean> {
    clearTimeout(this.#waiting.get(name));
    const { onState, say } = this.#options;
    onState(name, 'starting');
    const child = this.#spawn(name);
    const isReady = await this.#follow(name, child);
    if (this.#isEnding || this.#running.get(name) !== child) return isReady;
    if (!isReady) return false;
    this.#pauses.delete(name);
    onState(name, 'running');
    say(`${name} is ready (process ${child.pid})`);
    return true;
  }

  async replace(name: string): Promise<boolean> {
    await this.#end(name);
    return this.#isEnding ? false : this.start(name);
  }

  /** Ends all of them in order. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    await Promise.all([...this.#running.keys()].map((name) => this.#end(name)));
  }

  #spawn(name: string): Child {
    const flags = ['node', '--name', name, ...this.#options.flags, '--json', '--end-with-parent'];
    const child = spawn(process.execPath, [program, ...flags], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    // It may be gone when it is told that we are.
    child.stdin.on('error', () => {});
    this.#running.set(name, child);
    child.once('exit', (code, signal) => this.#ended(name, child, signal ?? `code ${code}`));
    return child;
  }

  #follow(name: string, child: Child): Promise<boolean> {
    const { onLine } = this.#options;
    return new Promise((resolve) => {
      child.once('exit', () => resolve(false));
      child.once('error', () => resolve(false));
      createInterface({ input: child.stderr }).on('line', (line) => onLine(name, line));
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (isReadyLine(line, name)) resolve(true);
        else onLine(name, line);
      });
    });
  }

  async #end(name: string): Promise<void> {
    clearTimeout(this.#waiting.get(name));
    const child = this.#running.get(name);
    if (child === undefined) return;
    this.#running.delete(name);
    this.#options.onState(name, 'stopping');
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await ended;
    clearTimeout(force);
  }

  /** Nothing to do when it was told to, which takes it off the running ones first. */
  #ended(name: string, child: Child, how: string): void {
    if (this.#running.get(name) !== child) return;
    this.#running.delete(name);
    const pauseMs = this.#pauses.get(name) ?? firstPauseMs;
    this.#pauses.set(name, Math.min(2 * pauseMs, longestPauseMs));
    this.#options.onState(name, 'down');
    this.#options.say(`${name} has ended (${how}); it is started again in ${pauseMs / 1_000} s`);
    this.#waiting.set(
      name,
      setTimeout(() => void this.start(name), pauseMs),
    );
  }
}

function isReadyLine(line: string, name: string): boolean {
  return line.startsWith(`{"ready":${JSON.stringify(name)}`);
}
