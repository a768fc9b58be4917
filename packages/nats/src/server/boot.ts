/** From a plan to servers that are ready: starts them, waits, and starts again where that helps. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, InvalidConfigError, ServerFailedError, sleep } from '@jaegis/core';
import { freePorts, isFree } from './free-ports.ts';
import type { Guard } from './guard-link.ts';
import { removeFolder } from './owned-folder.ts';
import { askAll, type Readiness, readinessOf } from './readiness.ts';
import { type ClusterPlan, planCluster, type ServerPlan, type ServerStorage, serverConfig } from './server-config.ts';
import type { ServerReport } from './server-event.ts';
import { failure, ServerProcess } from './server-process.ts';

export interface BootOptions {
  readonly guard: Guard;
  readonly clock: Clock;
  readonly command: string;
  readonly cluster: string;
  readonly storage: ServerStorage;
  readonly config: string;
  /** One for each server. */
  readonly storeDirs: readonly string[];
  /** Whether there is nothing in the store folders, so that they may be emptied. */
  readonly isFresh: boolean;
  readonly configFolder: string;
  /** Of the first server; see `StartServersOptions`. */
  readonly port?: number;
  readonly readyWithinMs: number;
  readonly report: ServerReport;
  readonly onFailure: (server: ServerProcess, error: Error) => void;
  /** A line of the log of one of the servers. */
  readonly onLine: (server: ServerProcess, line: string) => void;
}

export interface BootedServer {
  readonly plan: ServerPlan;
  readonly process: ServerProcess;
}

const maxAttempts = 5;

/**
 * New servers campaign 0.1 to 0.8 s after their start. When no leader comes of it, they wait 4 to 9 s: starting again
 * is faster. The last attempt is patient.
 */
const firstElectionMs = 1_000;
const impatientAttempts = 3;

/** Throws InvalidConfigError for a port that is taken, ServerFailedError with the last lines of the log. Whatever it started has ended then. */
export async function boot(options: BootOptions): Promise<BootedServer[]> {
  await assertFree(options);
  for (let attempt = 1; ; attempt += 1) {
    const servers = await launch(options);
    const electionMs = options.isFresh && attempt <= impatientAttempts ? firstElectionMs : Number.POSITIVE_INFINITY;
    const outcome = await untilReady(servers, options.clock, options.readyWithinMs, electionMs);
    if (outcome.kind === 'ready') return servers;
    await Promise.all(servers.map(({ process }) => process.end('SIGKILL')));
    if (outcome.again === undefined || attempt === maxAttempts) throw outcome.error;
    // What is wanted may have been taken meanwhile: then it is said by its number.
    await assertFree(options);
    options.report({ type: 'retrying', reason: outcome.again });
    if (options.isFresh) options.storeDirs.forEach(removeFolder);
  }
}

function wantedPorts({ port, storeDirs }: BootOptions): number[] {
  return port === undefined ? [] : storeDirs.map((_, index) => port + index);
}

async function assertFree(options: BootOptions): Promise<void> {
  for (const port of wantedPorts(options)) {
    if (await isFree(port)) continue;
    throw new InvalidConfigError(`Port ${port} on 127.0.0.1 is taken by another program. Choose another one.`, {
      data: { path: 'port', port },
    });
  }
}

async function launch(options: BootOptions): Promise<BootedServer[]> {
  const { cluster, storeDirs, storage } = options;
  const wanted = wantedPorts(options);
  const others = await freePorts(3 * storeDirs.length - wanted.length);
  const plan = planCluster(cluster, [...wanted, ...others], storeDirs, storage);
  const servers = plan.servers.map((server) => ({ plan: server, process: prepare(plan, server, options) }));
  await Promise.all(servers.map(({ process }) => process.launch()));
  return servers;
}

function prepare(plan: ClusterPlan, server: ServerPlan, options: BootOptions): ServerProcess {
  const { guard, command, configFolder, onFailure, onLine } = options;
  const { name, port, storeDir } = server;
  const file = join(configFolder, `${name}.conf`);
  mkdirSync(storeDir, { recursive: true });
  writeFileSync(file, `${serverConfig(plan, server)}${options.config}`);
  const made: ServerProcess = new ServerProcess(
    {
      name,
      storeDir,
      url: `nats://127.0.0.1:${port}`,
      command,
      args: ['-c', file],
      onLine: (line) => onLine(made, line),
    },
    guard,
    (error) => onFailure(made, error),
  );
  return made;
}

type Outcome =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'failed';
      readonly error: Error;
      /** Why another attempt may go better. */
      readonly again?: string;
    };

const askEveryMs = 10;

/** Waits until all of these are ready, or one ends, or the time is over, for all or for the election of a leader. */
export async function untilReady(
  servers: readonly BootedServer[],
  clock: Clock,
  readyWithinMs: number,
  electionMs = Number.POSITIVE_INFINITY,
): Promise<Outcome> {
  const plan = { servers: servers.map((server) => server.plan) };
  const start = clock.monotonic();
  let silentUntil = start;
  for (;;) {
    const readiness = readinessOf(plan, await askAll(plan, clock));
    const ended = servers.find(({ process }) => process.ending !== undefined)?.process;
    if (ended?.ending !== undefined) return endedEarly(ended.name, ended.ending);
    if (readiness === 'ready') return { kind: 'ready' };
    const now = clock.monotonic();
    if (readiness === 'silent') silentUntil = now;
    if (now - silentUntil > electionMs) return tooLate(servers, readiness, 'the servers elected no leader at once');
    if (now - start > readyWithinMs) return tooLate(servers, readiness);
    await sleep(clock, askEveryMs);
  }
}

function endedEarly(name: string, ending: NonNullable<ServerProcess['ending']>): Outcome {
  const error = failure(name, ending);
  const isPortTaken = ending.lines.some((line) => /address already in use|only one usage of each socket/i.test(line));
  return { kind: 'failed', error, ...(isPortTaken ? { again: 'another process took a port first' } : {}) };
}

function tooLate(servers: readonly BootedServer[], readiness: Readiness, again?: string): Outcome {
  const problem = readiness === 'electing' ? 'they have no leader that sees them all' : 'not all of them answer';
  const lines = servers.flatMap(({ process }) => process.lines.slice(-5).map((line) => `\n  ${process.name}: ${line}`));
  const error = new ServerFailedError(
    `The nats-server did not get ready in time: ${problem}. Last lines:${lines.join('')}`,
  );
  return { kind: 'failed', error, ...(again === undefined ? {} : { again }) };
}
