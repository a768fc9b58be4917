/** Fetched servers, kept as `<cache>/nats-server/<version>/nats-server`. Written at once or not at all. */
import { chmodSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '@jaegis/core';
import { inspectServer, type ServerBinary, type ServerOrigin } from './binary.ts';
import { compareVersions, minimumVersion } from './version.ts';

export function serverCache({ cacheDir }: Pick<Host, 'cacheDir'>): string {
  return join(cacheDir, 'nats-server');
}

/** The newest usable one. Rejects with the reason when there is none. */
export async function findInCache(host: Pick<Host, 'cacheDir'>): Promise<ServerBinary> {
  const folder = serverCache(host);
  for (const version of versionsIn(folder)) {
    const path = join(folder, version, 'nats-server');
    const seen = await inspectServer(path);
    if (seen.kind === 'usable') return { path, version: seen.version, origin: 'cache' };
  }
  throw new Error(`${folder} holds none of version ${minimumVersion} or newer`);
}

function versionsIn(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => /^\d+\.\d+\.\d+/.test(name));
    return names.sort((a, b) => compareVersions(b, a));
  } catch {
    return [];
  }
}

/**
 * Moves a program into the cache. It must lie in a folder inside the cache already, so that the move is one rename:
 * of two processes that do it at once, the later wins, and both have a whole program.
 */
export async function keepInCache(program: string, host: Host, origin: ServerOrigin): Promise<ServerBinary> {
  chmodSync(program, 0o755);
  const seen = await inspectServer(program);
  if (seen.kind === 'unusable') throw new Error(`what was fetched cannot be used: ${seen.reason}`);
  if (seen.kind === 'too-old') throw new Error(`what was fetched is ${seen.version}, older than ${minimumVersion}`);
  const folder = join(serverCache(host), seen.version);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'nats-server');
  renameSync(program, path);
  return { path, version: seen.version, origin };
}
