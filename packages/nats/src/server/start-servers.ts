/**
 * Starts one nats-server or a cluster of three on 127.0.0.1 and waits until JetStream is ready. They end with this
 * process, however it ends (see `guard.ts`), and leave no process, and no folder but one that the caller named.
 */
import { join, resolve } from 'node:path';
import { type Clock, type Host, InvalidConfigError, type Random, sleep } from '@jaegis/core';
import type { ServerBinary } from './binary.ts';
import { type BootedServer, boot, untilReady } from './boot.ts';
import { type Guard, startGuard } from './guard-link.ts';
import { createOwnedFolder, removeFolder } from './owned-folder.ts';
import { runProgram } from './run-program.ts';
import type { ServerStorage } from './server-config.ts';
import type { ServerReport } from './server-event.ts';
import type { ServerProcess } from './server-process.ts';
import { claimStore, type StoreClaim } from './store-claim.ts';
import { StoreWatch } from './store-watch.ts';

export interface StartServersOptions {
  readonly host: Host;
  readonly clock: Clock;
  readonly random: Random;
  readonly binary: ServerBinary;
  readonly count: 1 | 3;
  /** Where streams are kept; it stays, and can be started from again. Default: a temporary folder. */
  readonly storeDir?: string;
  /**
   * When a write reaches the disk: `always`, before it is acknowledged, or at the latest after a while such as `10s` or
   * `2m`, what came since is lost when the machine fails. Default `always`.
   */
  readonly sync?: string;
  /**
   * Of the first server for clients; the others take those that follow. One that is taken is an error. Default: any that
   * are free.
   */
  readonly port?: number;
  /** What all streams of one server may take, in bytes. Default: three quarters of what is free on the disk. */
  readonly maxStoreBytes?: number;
  /** More lines of nats-server's configuration: users, TLS, limits. */
  readonly config?: string;
  readonly report?: ServerReport;
  /** How long the start may take in all. Default 30,000. */
  readonly readyWithinMs?: number;
}

export interface NatsServer {
  readonly name: string;
  readonly url: string;
  /** Address of its monitoring, `http://…`. */
  readonly monitor: string;
  /** Of its process; another one after `restart`. */
  readonly pid: number | undefined;
  readonly storeDir: string;
  /** Ends it with SIGKILL, as a crash would. Not reported by `onExit`. */
  kill(): Promise<void>;
  /** Kills it if it runs, starts it again at the same address and store, and waits until it is ready. */
  restart(): Promise<void>;
}

/** A server that ended by itself. */
export interface ServerExit {
  readonly server: NatsServer;
  /** A ServerFailedError with the last lines of the log. */
  readonly error: Error;
}

export interface NatsServers extends AsyncDisposable {
  readonly urls: readonly string[];
  readonly servers: readonly NatsServer[];
  /** Ends all. When it resolves, neither a process nor a temporary folder is left. May be called again. */
  stop(): Promise<void>;
  /** Calls back for each server that ends by itself, also for those that did so before. Returns how to stop. */
  onExit(listener: (exit: ServerExit) => void): () => void;
}

const folderPrefix = 'jaegis-nats-';
/** A server that does not end on SIGTERM within this is killed. */
const gracefulMs = 5_000;

/** Throws InvalidConfigError for a setting that cannot be used and ServerFailedError when a server does not start. */
export async function startServers(options: StartServersOptions): Promise<NatsServers> {
  const { clock, report = () => {}, readyWithinMs = 30_000 } = options;
  const { count, binary, sync = 'always' } = options;
  if (!/^(always|\d+(ms|s|m|h))$/.test(sync)) {
    throw new InvalidConfigError(`sync is ${sync}; it must be always or a duration such as 10s or 2m.`, {
      data: { path: 'sync', value: sync },
    });
  }
  const startedAt = clock.monotonic();
  report({ type: 'starting', count, version: binary.version });
  const ground = await prepareGround(options);
  const running = new RunningServers(ground, options, readyWithinMs);
  try {
    await running.boot({ sync, maxBytes: options.maxStoreBytes }, report);
  } catch (error) {
    await running.stop();
    throw error;
  }
  report({ type: 'ready', urls: running.urls, tookMs: clock.monotonic() - startedAt });
  return running;
}

/** What the servers stand on, to be cleared away in the end. */
interface Ground {
  readonly folder: string;
  readonly guard: Guard;
  readonly claim: StoreClaim | undefined;
  readonly cluster: string;
}

async function prepareGround(options: StartServersOptions): Promise<Ground> {
  const { host, random, storeDir, count } = options;
  const folder = createOwnedFolder(host.tempDir, folderPrefix, host);
  const guard = await startGuard(host, folder);
  if (storeDir === undefined) return { folder, guard, claim: undefined, cluster: `jaegis-${random.id()}` };
  try {
    const ownerPid = guard.pid ?? host.pid;
    const claim = await claimStore({ ...options, storeDir: resolve(storeDir), count, ownerPid });
    return { folder, guard, claim, cluster: claim.cluster };
  } catch (error) {
    await guard.close(options.clock);
    removeFolder(folder);
    throw error;
  }
}

class RunningServers implements NatsServers {
  servers: readonly NatsServer[] = [];
  readonly #ground: Ground;
  readonly #options: StartServersOptions;
  readonly #readyWithinMs: number;
  readonly #cleared: Promise<void>;
  readonly #exits: { process: ServerProcess; error: Error }[] = [];
  readonly #listeners = new Set<(exit: ServerExit) => void>();
  #booted: readonly BootedServer[] = [];
  readonly #stores = new Map<ServerProcess, StoreWatch>();
  #stopping: Promise<void> | undefined;

  constructor(ground: Ground, options: StartServersOptions, readyWithinMs: number) {
    this.#ground = ground;
    this.#options = options;
    this.#readyWithinMs = readyWithinMs;
    this.#cleared = ground.guard.gone.then(() => this.#clear());
  }

  get urls(): readonly string[] {
    return this.servers.map(({ url }) => url);
  }

  async boot(storage: ServerStorage, report: ServerReport): Promise<void> {
    const { folder, guard, cluster } = this.#ground;
    const { clock, binary, count, storeDir, port, config = '' } = this.#options;
    const stores = storeDir === undefined ? join(folder, 'store') : resolve(storeDir);
    this.#booted = await boot({
      guard,
      clock,
      cluster,
      storage,
      config,
      report,
      command: binary.path,
      storeDirs: Array.from({ length: count }, (_, index) => join(stores, `server-${index + 1}`)),
      isFresh: storeDir === undefined,
      configFolder: folder,
      readyWithinMs: this.#readyWithinMs,
      ...(port === undefined ? {} : { port }),
      onFailure: (process, error) => this.#failed(process, error),
      onLine: (process, line) => this.#stores.get(process)?.heard(line),
    });
    this.servers = this.#booted.map((server) => this.#handle(server));
    for (const [index, { process }] of this.#booted.entries()) this.#watchStore(process, this.servers[index]);
  }

  onExit(listener: (exit: ServerExit) => void): () => void {
    this.#listeners.add(listener);
    for (const { process, error } of this.#exits) this.#tell(listener, process, error);
    return () => this.#listeners.delete(listener);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #watchStore(process: ServerProcess, server: NatsServer | undefined): void {
    const { clock, random, report = () => {} } = this.#options;
    const { name, storeDir } = process;
    const isRunning = () => process.ending === undefined;
    const restart = async () => server?.restart();
    this.#stores.set(process, new StoreWatch({ name, storeDir, clock, random, report, isRunning, restart }));
  }

  async #stop(): Promise<void> {
    const { guard, claim } = this.#ground;
    for (const store of this.#stores.values()) store.stop();
    // A store that is kept is closed in order; for the others there is no need to wait.
    const signal = claim === undefined ? 'SIGKILL' : 'SIGTERM';
    const ended = Promise.all(this.#booted.map(({ process }) => process.end(signal)));
    const patience = new AbortController();
    void ended.then(() => patience.abort());
    await sleep(this.#options.clock, gracefulMs, patience.signal);
    await guard.close(this.#options.clock);
    await this.#cleared;
  }

  /** The guard is gone, as it should or killed. Nothing of it stays. */
  async #clear(): Promise<void> {
    const { folder, claim } = this.#ground;
    await Promise.all(this.#booted.map(({ process }) => this.#awaitDeath(process.pid)));
    removeFolder(folder);
    claim?.release();
  }

  /** Where the kernel does not end a server with its guard, it is killed by its id, which still is its own. */
  async #awaitDeath(pid: number | undefined): Promise<void> {
    const { host, clock } = this.#options;
    for (let waited = 0; pid !== undefined && host.isAlive(pid) && waited < 100; waited += 1) {
      if (waited === 20) await runProgram('kill', ['-9', String(pid)], { env: host.env }).catch(() => {});
      await sleep(clock, 20);
    }
  }

  #failed(process: ServerProcess, error: Error): void {
    if (this.#stopping !== undefined) return;
    this.#exits.push({ process, error });
    for (const listener of this.#listeners) this.#tell(listener, process, error);
  }

  /** Attempts to start that failed have no server in the end: nobody hears of them. */
  #tell(listener: (exit: ServerExit) => void, process: ServerProcess, error: Error): void {
    const server = this.servers.find((candidate) => candidate.name === process.name);
    if (server !== undefined && this.#booted.some((booted) => booted.process === process)) listener({ server, error });
  }

  #handle(booted: BootedServer): NatsServer {
    const { process, plan } = booted;
    const { clock } = this.#options;
    const readyWithinMs = this.#readyWithinMs;
    return {
      name: process.name,
      url: process.url,
      monitor: `http://127.0.0.1:${plan.monitorPort}`,
      storeDir: process.storeDir,
      get pid() {
        return process.pid;
      },
      kill: () => process.end('SIGKILL'),
      async restart() {
        await process.end('SIGKILL');
        await process.launch();
        const outcome = await untilReady([booted], clock, readyWithinMs);
        if (outcome.kind === 'failed') throw outcome.error;
      },
    };
  }
}
