import { readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Host } from '@jaegis/core';

/** The process we run in. */
export function realHost(): Host {
  const { env, pid, platform, arch, execPath } = process;
  const cacheDir = cacheDirFor(platform, env, homedir());
  return { env, pid, platform, arch, execPath, cacheDir, tempDir: tmpdir(), isAlive };
}

/** Where this platform keeps what may be fetched again. A relative XDG_CACHE_HOME is ignored, as its standard says. */
export function cacheDirFor(platform: string, env: Host['env'], home: string): string {
  const xdg = env.XDG_CACHE_HOME;
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'jaegis');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'jaegis');
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'jaegis', 'Cache');
  return join(home, '.cache', 'jaegis');
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return !isZombie(pid);
}

/** On Linux a process that nobody waited for still takes signals, though it has ended. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
