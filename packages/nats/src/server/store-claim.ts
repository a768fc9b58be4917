/**
 * The use of a store folder that is kept. It remembers the names of its servers, under which JetStream knows its
 * replicas, and who uses it: two sets of servers on one folder would destroy it.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, type Host, InvalidConfigError, type Random, sleep } from '@jaegis/core';
import { formatOwner, isGone, ownerOf, parseOwner } from './owned-folder.ts';

export interface StoreClaim {
  /** The name of the cluster that wrote the folder, or a new one. */
  readonly cluster: string;
  release(): void;
}

export interface ClaimOptions {
  readonly host: Host;
  readonly clock: Clock;
  readonly random: Random;
  readonly storeDir: string;
  readonly count: number;
  /** The process that has ended only when no server uses the folder any more. */
  readonly ownerPid: number;
}

/** Servers whose process was killed a moment ago are still going. */
const waitForOwnerMs = 2_000;

/** Throws InvalidConfigError when other servers use the folder, or when it was written by another number of them. */
export async function claimStore(options: ClaimOptions): Promise<StoreClaim> {
  const { host, clock, storeDir, ownerPid } = options;
  mkdirSync(storeDir, { recursive: true });
  const file = join(storeDir, 'in-use-by');
  const deadline = clock.monotonic() + waitForOwnerMs;
  for (let owner = liveOwner(file, host); owner !== undefined; owner = liveOwner(file, host)) {
    if (clock.monotonic() > deadline) {
      const problem = `The store folder ${storeDir} is used by other servers (process ${owner})`;
      throw new InvalidConfigError(`${problem}. Stop them, or name another folder.`, {
        data: { path: 'storeDir', value: storeDir, pid: owner },
      });
    }
    await sleep(clock, 50);
  }
  const cluster = rememberedCluster(options);
  writeFileSync(file, formatOwner(ownerOf(ownerPid)));
  return { cluster, release: () => rmSync(file, { force: true }) };
}

function liveOwner(file: string, host: Host): number | undefined {
  const owner = parseOwner(readIfThere(file) ?? '');
  return owner === undefined || isGone(owner, host) ? undefined : owner.pid;
}

function rememberedCluster({ storeDir, count, random }: ClaimOptions): string {
  const file = join(storeDir, 'cluster');
  const [, cluster, servers] = /^(\S+) (\d+)$/.exec(readIfThere(file) ?? '') ?? [];
  if (cluster === undefined) {
    const made = `jaegis-${random.id()}`;
    writeFileSync(`${file}.new`, `${made} ${count}`);
    renameSync(`${file}.new`, file);
    return made;
  }
  if (Number(servers) === count) return cluster;
  throw new InvalidConfigError(
    `The store folder ${storeDir} belongs to ${servers} server(s), not to ${count}. Start as many, or name another folder.`,
    { data: { path: 'storeDir', value: storeDir, servers: Number(servers) } },
  );
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
