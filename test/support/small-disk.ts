/** A disk that can be filled to the last byte without harm to anybody else: one in memory. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface SmallDisk {
  readonly folder: string;
  /** Leaves so many bytes. */
  fill(leave: number): void;
  /** All that {@link fill} took. */
  makeRoom(): void;
}

/** Above this what a container has as shared memory is no disk to be filled up. */
const SHARED_AT_MOST = 256 * 2 ** 20;
const shared = '/dev/shm';

/**
 * Mounted where that is permitted, as to root; else the shared memory of a container, which is small. Fails where there is
 * neither: nothing else can be filled up without harm.
 */
export function smallDisk(bytes: number): SmallDisk {
  const folder = mounted(bytes) ?? sharedMemory();
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: (leave) => fill(folder, ballast, leave),
    makeRoom: () => rmSync(ballast),
  };
}

function fill(folder: string, ballast: string, leave: number): void {
  try {
    writeFileSync(ballast, new Uint8Array(Math.max(0, free(folder) - leave)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    // Others have written there meanwhile; the ballast has all that they left.
    truncateSync(ballast, Math.max(0, statSync(ballast).size - leave));
  }
}

function mounted(bytes: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'jaegis-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

function sharedMemory(): string {
  if (sizeOf(shared) > SHARED_AT_MOST) {
    throw new Error(
      `This test fills a disk up. It needs the right to mount one (root with CAP_SYS_ADMIN), or a ${shared} of 256 MiB at most, as containers have.`,
    );
  }
  const folder = mkdtempSync(join(shared, 'jaegis-disk-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function sizeOf(folder: string): number {
  try {
    const { blocks, bsize } = statfsSync(folder);
    return blocks * bsize;
  } catch {
    return Number.POSITIVE_INFINITY; // there is none
  }
}

function free(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
