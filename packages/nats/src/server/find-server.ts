/**
 * Finds a nats-server or fetches one: setting, PATH, cache, official release, Debian package, in this order. Called by
 * whoever starts servers. A wrong setting is an error, never passed over; of the other ways none hides the next.
 */
import { resolve } from 'node:path';
import { type Clock, type Host, InvalidConfigError, ServerNotFoundError, ServerTooOldError } from '@jaegis/core';
import { inspectServer, type ServerBinary, type ServerOrigin } from './binary.ts';
import { findInCache, keepInCache, serverCache } from './cache.ts';
import { fetchDebianPackage } from './debian.ts';
import { createOwnedFolder, removeFolder } from './owned-folder.ts';
import { reasonOf } from './reason.ts';
import { fetchRelease, officialReleases } from './release.ts';
import { programsOnPath } from './search-path.ts';
import { nameOfOrigin, type ServerReport } from './server-event.ts';
import { fetchedVersion, minimumVersion } from './version.ts';

export interface FindServerOptions {
  readonly host: Host;
  readonly clock: Clock;
  /** The program to use, from a flag or NATS_SERVER. Nothing else is tried then. */
  readonly path?: string;
  readonly report?: ServerReport;
  /** What stands before `/v<version>/<file>` in the address of a release. Default: the official one on GitHub. */
  readonly releaseBase?: string;
  /** Where a Debian machine keeps `apt/` and `os-release`. Default `/etc`. */
  readonly systemFolder?: string;
}

/** One way to come by a server. `find` rejects with the reason why not. */
export interface Way {
  readonly origin: ServerOrigin;
  readonly where: string;
  find(): Promise<ServerBinary>;
}

/**
 * Throws InvalidConfigError when `path` names no nats-server, ServerTooOldError when it names an old one, and
 * ServerNotFoundError, with each place and its reason in the message and in `data.tried`, when nothing was found.
 */
export async function findServer(options: FindServerOptions): Promise<ServerBinary> {
  const report = options.report ?? (() => {});
  if (options.path !== undefined) return useSetting(options.path, report);
  return firstThatWorks(waysOf(options, report), report);
}

/** Takes the ways one after the other. Throws ServerNotFoundError when none gives a server. */
export async function firstThatWorks(ways: readonly Way[], report: ServerReport): Promise<ServerBinary> {
  const tried: { origin: ServerOrigin; where: string; reason: string }[] = [];
  for (const { origin, where, find } of ways) {
    report({ type: 'looking', origin, where });
    try {
      const binary = await find();
      report({ type: 'found', binary });
      return binary;
    } catch (error) {
      const reason = reasonOf(error);
      report({ type: 'failed', origin, reason });
      tried.push({ origin, where, reason });
    }
  }
  const list = tried.map(({ origin, where, reason }) => `\n- ${nameOfOrigin(origin)} (${where}): ${reason}`).join('');
  throw new ServerNotFoundError(
    `No nats-server ${minimumVersion} or newer was found. Install one, put it on the PATH, or name it with NATS_SERVER. Tried:${list}`,
    { data: { tried } },
  );
}

async function useSetting(setting: string, report: ServerReport): Promise<ServerBinary> {
  report({ type: 'looking', origin: 'setting', where: setting });
  const path = resolve(setting);
  const seen = await inspectServer(path);
  const fix = 'Name a nats-server program, or leave the setting (NATS_SERVER) out to have one found.';
  if (seen.kind === 'unusable') {
    throw new InvalidConfigError(`The nats-server in the settings, ${path}, cannot be used: ${seen.reason}. ${fix}`, {
      data: { path: 'NATS_SERVER', value: setting, reason: seen.reason },
    });
  }
  if (seen.kind === 'too-old') {
    throw new ServerTooOldError(
      `The nats-server in the settings, ${path}, is ${seen.version}; ${minimumVersion} or newer is needed. ${fix}`,
      { data: { path: 'NATS_SERVER', value: setting, version: seen.version, minimumVersion } },
    );
  }
  const binary: ServerBinary = { path, version: seen.version, origin: 'setting' };
  report({ type: 'found', binary });
  return binary;
}

function waysOf(options: FindServerOptions, report: ServerReport): readonly Way[] {
  const { host, clock, releaseBase: base = officialReleases, systemFolder = '/etc' } = options;
  return [
    { origin: 'path', where: 'nats-server', find: () => findOnPath(host, report) },
    { origin: 'cache', where: serverCache(host), find: () => findInCache(host) },
    {
      origin: 'release',
      where: `${base}/v${fetchedVersion}`,
      find: () => intoCache(host, 'release', (folder) => fetchRelease({ host, clock, report, folder, base })),
    },
    {
      origin: 'debian',
      where: 'apt-get',
      find: () => intoCache(host, 'debian', (folder) => fetchDebianPackage({ host, report, folder, systemFolder })),
    },
  ];
}

async function findOnPath(host: Host, report: ServerReport): Promise<ServerBinary> {
  const reasons: string[] = [];
  for (const path of programsOnPath('nats-server', host)) {
    const seen = await inspectServer(path);
    if (seen.kind === 'usable') return { path, version: seen.version, origin: 'path' };
    if (seen.kind === 'too-old') report({ type: 'too-old', path, version: seen.version });
    reasons.push(`${path}: ${seen.kind === 'too-old' ? `${seen.version} is too old` : seen.reason}`);
  }
  throw new Error(reasons.length === 0 ? 'there is none' : reasons.join('; '));
}

/** Fetches into a folder inside the cache, so that a program gets its place by one rename and never half. */
async function intoCache(
  host: Host,
  origin: ServerOrigin,
  fetchTo: (folder: string) => Promise<string>,
): Promise<ServerBinary> {
  const folder = createOwnedFolder(serverCache(host), 'fetching-', host);
  try {
    return await keepInCache(await fetchTo(folder), host, origin);
  } finally {
    removeFolder(folder);
  }
}
