/** The official release on GitHub: which file fits this machine, and fetching it against its published checksum. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Clock, Host } from '@jaegis/core';
import { get } from './http.ts';
import type { ServerReport } from './server-event.ts';
import { fileInTar } from './tar.ts';
import { fetchedVersion } from './version.ts';

export const officialReleases = 'https://github.com/nats-io/nats-server/releases/download';

/** Go's names for the processors that the release is built for, by Node's. */
const processors: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm7',
  ia32: '386',
  loong64: 'loong64',
  ppc64: 'ppc64le',
  riscv64: 'riscv64',
  s390x: 's390x',
};

const systems = ['linux', 'darwin', 'freebsd'];

/** Throws when there is no release that can be unpacked here. */
export function releaseFile(version: string, { platform, arch }: Pick<Host, 'platform' | 'arch'>): string {
  if (platform === 'win32') throw new Error('the release for Windows is a zip file, which must be unpacked by hand');
  const processor = processors[arch];
  if (processor === undefined || !systems.includes(platform)) throw new Error(`no release for ${platform} on ${arch}`);
  return `nats-server-v${version}-${platform}-${processor}.tar.gz`;
}

/** The checksum of a file in a SHA256SUMS. */
export function checksumOf(file: string, sums: string): string | undefined {
  const lines = sums.split('\n').map((line) => /^([0-9a-f]{64})\s+\*?(\S+)\s*$/i.exec(line));
  return lines.find((match) => match?.[2] === file)?.[1]?.toLowerCase();
}

export interface FetchReleaseOptions {
  readonly host: Host;
  readonly clock: Clock;
  readonly report: ServerReport;
  /** The folder to put the program in. */
  readonly folder: string;
  /** What stands before `/v<version>/<file>` in the address. */
  readonly base: string;
}

/** Returns the path of the program. Nothing is unpacked before its checksum is right. */
export async function fetchRelease({ host, clock, report, folder, base }: FetchReleaseOptions): Promise<string> {
  const file = releaseFile(fetchedVersion, host);
  const address = `${base}/v${fetchedVersion}`;
  const expected = checksumOf(file, (await get(`${address}/SHA256SUMS`, { clock })).toString('utf8'));
  if (expected === undefined) throw new Error(`${address}/SHA256SUMS has no line for ${file}`);
  const onProgress = (receivedBytes: number, totalBytes: number | undefined): void =>
    report({ type: 'downloading', what: file, receivedBytes, ...(totalBytes === undefined ? {} : { totalBytes }) });
  const archive = await get(`${address}/${file}`, { clock, onProgress });
  const actual = createHash('sha256').update(archive).digest('hex');
  if (actual !== expected) {
    throw new Error(`${file} has the checksum ${actual}, published is ${expected}; it was not unpacked`);
  }
  report({ type: 'verified', what: file });
  report({ type: 'unpacking', what: file });
  const program = fileInTar(await promisify(gunzip)(archive), 'nats-server');
  if (program === undefined) throw new Error(`there is no nats-server in ${file}`);
  const path = join(folder, 'nats-server');
  writeFileSync(path, program, { mode: 0o755 });
  return path;
}
