/**
 * Our end of the guard process (`guard.ts`): starts it, passes orders on and keeps what it tells. When the guard is
 * gone, all of its processes count as ended: on Linux the kernel kills them with it.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Clock, Host } from '@jaegis/core';
import type { GuardNews, GuardOrder } from './guard-protocol.ts';
import { runProgram } from './run-program.ts';
import { programsOnPath } from './search-path.ts';

/** How many of the last lines of a process are kept. */
const keptLines = 40;

const closeWithinMs = 5_000;

/** The end of a process, for messages and the log. */
export interface Ending {
  /** The end of a sentence: `ended with code 1`. */
  readonly how: string;
  /** The last of what it wrote to its error output, at most 40. */
  readonly lines: readonly string[];
}

export interface GuardedProcess {
  readonly ended: Promise<Ending>;
  /** Resolves with `undefined` when the process could not be started. */
  readonly pid: Promise<number | undefined>;
  readonly lines: readonly string[];
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
}

export interface Guard {
  readonly pid: number | undefined;
  /** @param onLine Told each line of its error output. */
  start(command: string, args: readonly string[], onLine?: (line: string) => void): GuardedProcess;
  /** Resolves when the guard has ended, for whatever reason. */
  readonly gone: Promise<void>;
  /** The guard kills what still runs, removes the folder and ends. One that does not within 5 s is killed. */
  close(clock: Clock): Promise<void>;
}

/** From the sources this file and the guard end with .ts, from the published package with .js. */
const program = fileURLToPath(new URL(`./guard${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

/** `folder` is removed by the guard when it ends. */
export async function startGuard(host: Host, folder: string): Promise<Guard> {
  // Options meant for this process (a debugger, a loader) would disturb the guard.
  const { NODE_OPTIONS: _options, ...env } = host.env;
  const prefix = await dyingWithParent(host);
  const child = spawn(host.execPath, [program, folder], { detached: true, stdio: 'pipe', env, cwd: host.tempDir });
  return new GuardLink(child, prefix);
}

interface Watched extends GuardedProcess {
  readonly lines: string[];
  readonly onLine: ((line: string) => void) | undefined;
  readonly end: (ending: Ending) => void;
  readonly setPid: (pid: number | undefined) => void;
}

class GuardLink implements Guard {
  readonly gone: Promise<void>;
  readonly pid: number | undefined;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #prefix: readonly string[];
  readonly #watched = new Map<number, Watched>();
  #lastId = 0;
  #why: string | undefined;

  constructor(child: ChildProcessWithoutNullStreams, prefix: readonly string[]) {
    this.#child = child;
    this.pid = child.pid;
    this.#prefix = prefix;
    this.gone = new Promise((resolve) => {
      child.on('error', (error) => this.#lose(`got no guard (${error.message})`, resolve));
      child.on('close', (code, signal) =>
        this.#lose(`lost its guard, which ended with ${signal ?? `code ${code}`}`, resolve),
      );
    });
    child.stdin.on('error', () => {});
    createInterface(child.stdout).on('line', (line) => this.#hear(line));
    child.stderr.resume();
  }

  start(command: string, args: readonly string[], onLine?: (line: string) => void): GuardedProcess {
    const id = ++this.#lastId;
    const { promise: ended, resolve: end } = Promise.withResolvers<Ending>();
    const { promise: pid, resolve: setPid } = Promise.withResolvers<number | undefined>();
    const signal = (name: 'SIGTERM' | 'SIGKILL') => this.#send({ order: 'signal', id, signal: name });
    const watched: Watched = { ended, pid, lines: [], onLine, signal, end, setPid };
    this.#watched.set(id, watched);
    const [first = command, ...rest] = [...this.#prefix, command, ...args];
    if (this.#why === undefined) this.#send({ order: 'start', id, command: first, args: rest });
    else this.#finish(id, this.#why);
    return watched;
  }

  async close(clock: Clock): Promise<void> {
    this.#child.stdin.end();
    const timer = clock.setTimer(closeWithinMs, () => this.#child.kill('SIGKILL'));
    await this.gone;
    clock.clearTimer(timer);
  }

  #send(order: GuardOrder): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(`${JSON.stringify(order)}\n`);
  }

  #hear(line: string): void {
    // Only guard.ts writes here.
    const news = JSON.parse(line) as GuardNews;
    const watched = this.#watched.get(news.id);
    if (news.news === 'started') watched?.setPid(news.pid);
    else if (news.news === 'ended') this.#finish(news.id, news.how);
    else {
      watched?.lines.push(news.line);
      watched?.onLine?.(news.line);
      if (watched !== undefined && watched.lines.length > keptLines) watched.lines.shift();
    }
  }

  #finish(id: number, how: string): void {
    const watched = this.#watched.get(id);
    this.#watched.delete(id);
    watched?.setPid(undefined);
    watched?.end({ how, lines: watched.lines });
  }

  #lose(why: string, done: () => void): void {
    this.#why = why;
    for (const id of [...this.#watched.keys()]) this.#finish(id, why);
    done();
  }
}

/** What to put before a command so that the kernel kills it when the guard ends, also by SIGKILL. */
async function dyingWithParent(host: Host): Promise<readonly string[]> {
  if (host.platform !== 'linux') return [];
  const [setpriv] = programsOnPath('setpriv', host);
  if (setpriv === undefined) return [];
  // Older and smaller ones do not know the option.
  const help = await runProgram(setpriv, ['--help'], { env: host.env }).catch(() => '');
  return help.includes('--pdeathsig') ? [setpriv, '--pdeathsig', 'KILL', '--'] : [];
}
