/**
 * On Debian: the nats-server of a newer suite, fetched with the machine's own apt (its archive, proxy and keys) under a
 * configuration of our own. Everything is kept in a folder of ours; nothing of the system is changed or installed.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '@jaegis/core';
import { type SourceFile, sourcesForSuite } from './debian-sources.ts';
import { reasonOf } from './reason.ts';
import { runProgram } from './run-program.ts';
import { programsOnPath } from './search-path.ts';
import type { ServerReport } from './server-event.ts';

export interface FetchDebianOptions {
  readonly host: Host;
  readonly report: ServerReport;
  /** An empty folder to work in; the program stays in it. */
  readonly folder: string;
  /** Where the machine keeps `apt/` and `os-release`. */
  readonly systemFolder: string;
}

/** From the more to the less settled. */
const newerSuites = ['testing', 'sid'];

/** Returns the path of the program. Rejects with all reasons when no suite and no archive gave it. */
export async function fetchDebianPackage(options: FetchDebianOptions): Promise<string> {
  const { host, folder, systemFolder } = options;
  const [aptGet] = programsOnPath('apt-get', host);
  const [dpkgDeb] = programsOnPath('dpkg-deb', host);
  if (aptGet === undefined || dpkgDeb === undefined) throw new Error('there is no apt-get or no dpkg-deb here');
  const files = readSourceFiles(join(systemFolder, 'apt'));
  const codename = codenameIn(readIfThere(join(systemFolder, 'os-release')));
  const attempts = newerSuites.flatMap((suite) =>
    sourcesForSuite(files, codename, suite).map((source) => ({ suite, source })),
  );
  if (attempts.length === 0) throw new Error(`no entry for Debian's main archive in ${systemFolder}/apt`);
  const reasons: string[] = [];
  for (const [index, { suite, source }] of attempts.entries()) {
    const place = join(folder, `apt-${index}`);
    try {
      return await fetchFrom({ aptGet, dpkgDeb, suite, source, place }, options);
    } catch (error) {
      reasons.push(`${suite}: ${reasonOf(error)}`);
    }
  }
  throw new Error(reasons.join('; '));
}

interface Attempt {
  readonly aptGet: string;
  readonly dpkgDeb: string;
  readonly suite: string;
  readonly source: string;
  readonly place: string;
}

async function fetchFrom(attempt: Attempt, { host, report }: FetchDebianOptions): Promise<string> {
  const { aptGet, dpkgDeb, suite, source, place } = attempt;
  for (const folder of ['sources', 'state/lists/partial', 'cache/archives/partial', 'package', 'unpacked']) {
    mkdirSync(join(place, folder), { recursive: true });
  }
  writeFileSync(join(place, 'sources', 'newer.sources'), source);
  const base = { ...host.env, LC_ALL: 'C' };
  const [aptConfig] = programsOnPath('apt-config', host);
  const settings = aptConfig === undefined ? '' : await runProgram(aptConfig, ['dump'], { env: base });
  writeFileSync(join(place, 'apt.conf'), privateSettings(settings, place));
  const env = { ...base, APT_CONFIG: join(place, 'apt.conf') };
  const ask = (what: string, command: string) =>
    runProgram(aptGet, ['-q', '-o', 'APT::Status-Fd=3', ...command.split(' ')], {
      cwd: join(place, 'package'),
      env,
      onStatus: (line) => reportProgress(what, line, report),
    });
  await ask(`reading the package lists of Debian ${suite}`, 'update');
  await ask(`downloading the package of Debian ${suite}`, 'download nats-server');
  const file = readdirSync(join(place, 'package')).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw new Error('apt-get download left no package');
  report({ type: 'unpacking', what: file });
  await runProgram(dpkgDeb, ['-x', join(place, 'package', file), join(place, 'unpacked')], { env: base });
  return join(place, 'unpacked', 'usr', 'sbin', 'nats-server');
}

/**
 * How the machine fetches (`Acquire::…`: proxies, limits, checks) is kept. Hooks, pins and all folders are not: they
 * belong to the system.
 */
export function privateSettings(dump: string, place: string): string {
  const kept = dump.split('\n').filter((line) => line.startsWith('Acquire::'));
  const own = {
    'Dir::Etc::main': '/dev/null',
    'Dir::Etc::parts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': `${place}/sources`,
    'Dir::State': `${place}/state`,
    'Dir::Cache': `${place}/cache`,
    'APT::Sandbox::User': 'root',
    'APT::Update::Error-Mode': 'any',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '1',
    'Acquire::http::Timeout': '15',
    'Acquire::https::Timeout': '15',
  };
  return `${[...kept, ...Object.entries(own).map(([key, value]) => `${key} "${value}";`)].join('\n')}\n`;
}

/** `dlstatus:<item>:<percent>:<text>`, see APT's README.progress-reporting. */
function reportProgress(what: string, line: string, report: ServerReport): void {
  const percent = Number.parseFloat(/^dlstatus:[^:]*:([\d.]+):/.exec(line)?.[1] ?? '');
  if (!Number.isNaN(percent)) report({ type: 'asking', what, percent });
}

function readSourceFiles(aptFolder: string): SourceFile[] {
  const parts = join(aptFolder, 'sources.list.d');
  const names = namesIn(parts).filter((name) => /\.(list|sources)$/.test(name));
  const paths = [join(aptFolder, 'sources.list'), ...names.sort().map((name) => join(parts, name))];
  return paths.map((path) => ({ name: path, text: readIfThere(path) }));
}

function codenameIn(osRelease: string): string {
  return /^VERSION_CODENAME="?([\w-]+)"?/m.exec(osRelease)?.[1] ?? 'stable';
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
