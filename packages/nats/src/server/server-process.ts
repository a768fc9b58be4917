/** One of the servers that were started: can be killed and started again, and says when it ends by itself. */
import { ServerFailedError } from '@jaegis/core';
import type { Ending, Guard, GuardedProcess } from './guard-link.ts';

export interface ServerProcessOptions {
  readonly name: string;
  readonly url: string;
  readonly storeDir: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Told each line of its log. */
  readonly onLine: (line: string) => void;
}

export class ServerProcess {
  readonly name: string;
  readonly url: string;
  readonly storeDir: string;
  readonly #options: ServerProcessOptions;
  readonly #guard: Guard;
  readonly #onFailure: (error: Error) => void;
  #process: GuardedProcess | undefined;
  #ending: Ending | undefined;
  #pid: number | undefined;
  #isEndOrdered = false;

  constructor(options: ServerProcessOptions, guard: Guard, onFailure: (error: Error) => void) {
    this.name = options.name;
    this.url = options.url;
    this.storeDir = options.storeDir;
    this.#options = options;
    this.#guard = guard;
    this.#onFailure = onFailure;
  }

  /** Of the process that was started last. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /** Set once the process has ended; `undefined` while it runs. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  get lines(): readonly string[] {
    return this.#process?.lines ?? [];
  }

  /** Resolves when there is a process or it could not be started; it is not ready then. */
  async launch(): Promise<void> {
    const { command, args, onLine } = this.#options;
    const started = this.#guard.start(command, args, onLine);
    this.#process = started;
    this.#ending = undefined;
    this.#isEndOrdered = false;
    void started.ended.then((ending) => {
      this.#ending = ending;
      if (!this.#isEndOrdered) this.#onFailure(failure(this.name, ending));
    });
    this.#pid = await started.pid;
  }

  /** What happens from now on is wanted: it is not reported as a failure. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#isEndOrdered = true;
    this.#process?.signal(signal);
    await this.#process?.ended;
  }
}

/** With the last lines of its log. */
export function failure(name: string, { how, lines }: Ending): Error {
  const log = lines.slice(-10).map((line) => `\n  ${line}`);
  const end = log.length === 0 ? 'It wrote nothing.' : `Its last lines:${log.join('')}`;
  return new ServerFailedError(`The nats-server ${name} ${how}. ${end}`, { data: { server: name, how, lines } });
}
