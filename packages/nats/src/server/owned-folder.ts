/**
 * Temporary folders that can be told from those of the dead. The name carries the process that owns it: its id, when
 * it was born (ids are used again) and its process namespace (ids mean nothing in another). So there is no moment in
 * which a folder exists without an owner, and a sweep never takes one of a live process.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '@jaegis/core';

export interface Owner {
  readonly pid: number;
  /** In ticks since the machine started; `0` where the system does not say. */
  readonly born: string;
  /** `0` where the system has no such thing. */
  readonly namespace: string;
}

/** Makes `<parent>/<prefix><owner>-<random>` for this process and removes those of processes that are gone. */
export function createOwnedFolder(parent: string, prefix: string, host: Host): string {
  mkdirSync(parent, { recursive: true });
  sweepOwnedFolders(parent, prefix, host);
  return mkdtempSync(join(parent, `${prefix}${formatOwner(ownerOf(host.pid))}-`));
}

/** A folder that cannot be removed is left for the next sweep. */
export function sweepOwnedFolders(parent: string, prefix: string, host: Host): void {
  for (const name of readdirSync(parent)) {
    const owner = name.startsWith(prefix) ? parseOwner(name.slice(prefix.length)) : undefined;
    if (owner !== undefined && isGone(owner, host)) removeFolder(join(parent, name));
  }
}

/** Does not throw: what cannot be removed now is swept later. */
export function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  } catch {}
}

export function ownerOf(pid: number): Owner {
  return { pid, born: bornOf(pid), namespace: namespace() };
}

export function formatOwner({ pid, born, namespace }: Owner): string {
  return `${pid}-${born}-${namespace}`;
}

export function parseOwner(text: string): Owner | undefined {
  const [, pid, born, namespace] = /^(\d+)-(\d+)-(\d+)(?:-|$)/.exec(text) ?? [];
  if (pid === undefined || born === undefined || namespace === undefined) return undefined;
  return { pid: Number(pid), born, namespace };
}

/** In doubt it is not gone. */
export function isGone(owner: Owner, host: Pick<Host, 'isAlive'>, present = ownerOf(owner.pid)): boolean {
  if (owner.namespace !== present.namespace) return false;
  if (!host.isAlive(owner.pid)) return true;
  return owner.born !== '0' && present.born !== '0' && owner.born !== present.born;
}

function bornOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; after it the 20th field is the start time (proc_pid_stat(5), 22).
    const born = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return born !== undefined && /^\d+$/.test(born) ? born : '0';
  } catch {
    return '0';
  }
}

function namespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}
