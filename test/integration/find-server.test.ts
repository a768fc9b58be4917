/** Finding and fetching nats-server with real files, a real HTTP server and real child processes, all our own. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Host } from '@jaegis/core';
import { type FindServerOptions, findServer, type ServerEvent } from '@jaegis/nats';
import { realClock, realHost } from '@jaegis/node';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
let events: ServerEvent[];
let web: Server | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jaegis-test-'));
  events = [];
});
afterEach(() => {
  web?.closeAllConnections();
  web?.close();
  web = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** A machine with nothing but what a test puts into its folder. */
function host(): Host {
  const env = { PATH: join(folder, 'bin') };
  return { ...realHost(), platform: 'linux', arch: 'x64', env, cacheDir: join(folder, 'cache') };
}

/** Nobody answers there: fetch itself refuses the port. */
const nowhere = 'http://127.0.0.1:9';

function find(options: Partial<FindServerOptions> = {}) {
  const report = (event: ServerEvent) => events.push(event);
  const systemFolder = join(folder, 'etc');
  return findServer({ host: host(), clock: realClock(), report, releaseBase: nowhere, systemFolder, ...options });
}

function write(path: string, content: string, mode = 0o644): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content, { mode });
  return file;
}

const printing = (version: string) => `#!/bin/sh\necho 'nats-server: v${version}'\n`;
const program = (path: string, content: string) => write(path, content, 0o755);
const types = () => events.map(({ type }) => type);

test.each([
  ['does not exist', () => join(folder, 'nothing'), 'it does not exist'],
  ['is not executable', () => write('plain', printing('2.15.1')), 'it is not executable'],
  ['is a folder', () => folder, 'it is a folder'],
  [
    'is another program',
    () => program('other', '#!/bin/sh\necho other 1.0\n'),
    'does not answer -v as nats-server does',
  ],
  ['fails', () => program('fails', '#!/bin/sh\nexit 3\n'), 'ends with code 3'],
])('a setting that %s is an error that names it and the fix, and nothing else is tried', async (_, make, reason) => {
  program('bin/nats-server', printing('2.15.1'));
  const path = make();
  const error = await find({ path }).catch((thrown) => thrown);
  expect(error).toMatchObject({ name: 'InvalidConfigError', code: 'invalid_config', data: { value: path } });
  expect(error.message).toContain(`${path}, cannot be used: `);
  expect(error.message).toContain(reason);
  expect(error.message).toContain('NATS_SERVER');
  expect(types()).toEqual(['looking']);
});

test('a setting that is too old is an error that names both versions', async () => {
  const path = program('old', printing('2.9.1'));
  const error = await find({ path }).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'server_too_old', data: { version: '2.9.1', minimumVersion: '2.12.0' } });
  expect(error.message).toContain(path);
});

test('a setting that is good is taken', async () => {
  const path = program('mine', printing('2.12.0'));
  await expect(find({ path })).resolves.toEqual({ path, version: '2.12.0', origin: 'setting' });
});

test('one on the PATH that is too old is reported, and the next is taken', async () => {
  program('bin/nats-server', printing('2.9.1'));
  const path = program('bin2/nats-server', printing('2.14.0'));
  const env = { PATH: [join(folder, 'bin'), 'relative', join(folder, 'bin2')].join(delimiter) };
  await expect(find({ host: { ...host(), env } })).resolves.toEqual({ path, version: '2.14.0', origin: 'path' });
  expect(types()).toEqual(['looking', 'too-old', 'found']);
});

test('of the cache the newest that works is taken', async () => {
  const cached = (version: string) => `cache/nats-server/${version}/nats-server`;
  program(cached('2.9.1'), printing('2.9.1'));
  const path = program(cached('2.13.0'), printing('2.13.0'));
  program(cached('2.20.0'), '');
  write(cached('2.21.0'), printing('2.21.0'));
  program('cache/nats-server/fetching-1-2-3-abc/nats-server', printing('2.15.1'));
  await expect(find()).resolves.toEqual({ path, version: '2.13.0', origin: 'cache' });
});

test('offline and without apt the error lists all that was tried', async () => {
  const error = await find().catch((thrown) => thrown);
  expect(error).toMatchObject({ name: 'ServerNotFoundError', code: 'server_not_found' });
  const tried = error.data.tried.map(({ origin }: { origin: string }) => origin);
  expect(tried).toEqual(['path', 'cache', 'release', 'debian']);
  expect(error.message).toContain('NATS_SERVER');
  expect(error.message).toContain('there is no apt-get');
  expect(readdirSync(join(folder, 'cache/nats-server'))).toEqual([]);
});

const file = 'nats-server-v2.15.1-linux-amd64.tar.gz';

function archive(content: string): Buffer {
  const header = Buffer.alloc(512);
  header.write('nats-server-v2.15.1-linux-amd64/nats-server', 0);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header.write('0', 156);
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512 + 1024);
  body.write(content);
  return gzipSync(Buffer.concat([header, body]));
}

/** What answers instead of the official address. */
async function serve(answers: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  web = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
}

function release(content: string, checksum?: string) {
  const bytes = archive(content);
  const sum = checksum ?? createHash('sha256').update(bytes).digest('hex');
  return serve({ '/v2.15.1/SHA256SUMS': `${sum}  ${file}\n`, [`/v2.15.1/${file}`]: bytes });
}

test('the release is fetched, verified, unpacked and kept; the second time it is in the cache', async () => {
  const releaseBase = await release(printing('2.15.1'));
  const path = join(folder, 'cache/nats-server/2.15.1/nats-server');
  await expect(find({ releaseBase })).resolves.toEqual({ path, version: '2.15.1', origin: 'release' });
  expect(types().slice(-4)).toEqual(['downloading', 'verified', 'unpacking', 'found']);
  await expect(find()).resolves.toEqual({ path, version: '2.15.1', origin: 'cache' });
  expect(readdirSync(join(folder, 'cache/nats-server'))).toEqual(['2.15.1']);
});

test('two that fetch at once both get a whole one', async () => {
  const releaseBase = await release(printing('2.15.1'));
  const [first, second] = await Promise.all([find({ releaseBase }), find({ releaseBase })]);
  expect(first).toEqual(second);
  expect(readdirSync(join(folder, 'cache/nats-server'))).toEqual(['2.15.1']);
});

test('a release with a wrong checksum is not unpacked, and the next way is tried', async () => {
  const ran = join(folder, 'ran');
  const releaseBase = await release(`#!/bin/sh\ntouch ${ran}\n`, 'a'.repeat(64));
  const error = await find({ releaseBase }).catch((thrown) => thrown);
  expect(error.code).toBe('server_not_found');
  expect(error.message).toMatch(/has the checksum [0-9a-f]{64}, published is a{64}; it was not unpacked/);
  expect(error.message).toContain('the Debian package');
  expect(types()).not.toContain('unpacking');
  expect(existsSync(ran)).toBe(false);
});

test.each([
  ['is missing', () => serve({}), 'SHA256SUMS answered 404'],
  ['has no line for us', () => serve({ '/v2.15.1/SHA256SUMS': 'x' }), `has no line for ${file}`],
  ['vouches for an old server', () => release(printing('2.9.1')), 'what was fetched is 2.9.1, older than 2.12.0'],
])('a release whose list of checksums %s is passed over with the reason', async (_, make, reason) => {
  await expect(find({ releaseBase: await make() })).rejects.toThrow(reason);
});

/** An apt-get that knows `sid` only, and a dpkg-deb that unpacks what it brings. */
function installApt(): void {
  const aptGet = `#!/bin/sh
PATH=/usr/bin:/bin
command="$4 $5"
sources=$(sed -n 's/^Dir::Etc::sourceparts "\\(.*\\)";/\\1/p' "$APT_CONFIG")
case "$command" in
  "update ") grep -q '^suites: sid' "$sources/newer.sources" || { echo 'E: no such suite' >&2; exit 100; }
    echo 'dlstatus:1:50.0:half' >&3 ;;
  "download nats-server") echo deb > nats-server_2.15.1-1_amd64.deb ;;
esac
`;
  const dpkgDeb = `#!/bin/sh
PATH=/usr/bin:/bin
mkdir -p "$3/usr/sbin"
printf '#!/bin/sh\\necho nats-server: v2.15.1\\n' > "$3/usr/sbin/nats-server"
chmod 755 "$3/usr/sbin/nats-server"
`;
  program('bin/apt-get', aptGet);
  program('bin/dpkg-deb', dpkgDeb);
  write('etc/os-release', 'ID=debian\nVERSION_CODENAME=bookworm\n');
}

test('on Debian the package of the first newer suite that has it is unpacked into the cache', async () => {
  installApt();
  write(
    'etc/apt/sources.list.d/debian.sources',
    'Types: deb\nURIs: http://x/debian\nSuites: bookworm\nComponents: main\n',
  );
  const path = join(folder, 'cache/nats-server/2.15.1/nats-server');
  await expect(find()).resolves.toEqual({ path, version: '2.15.1', origin: 'debian' });
  expect(events).toContainEqual({
    type: 'asking',
    what: 'reading the package lists of Debian sid',
    percent: 50,
  });
  expect(readdirSync(join(folder, 'cache/nats-server'))).toEqual(['2.15.1']);
});

test('on Debian without an entry for the main archive the reason says so', async () => {
  installApt();
  write('etc/apt/sources.list', 'deb http://x/debian-security bookworm-security main\n');
  await expect(find()).rejects.toThrow("no entry for Debian's main archive");
});
