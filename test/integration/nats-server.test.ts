/** Real servers: started, stopped, and never left behind, whoever is killed. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { hasCode, sleep } from '@jaegis/core';
import { type NatsServers, type ServerExit, type StartServersOptions, startServers } from '@jaegis/nats';
import { realClock, realHost, realRandom } from '@jaegis/node';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serverBinary } from '../support/nats.ts';

const clock = realClock();
const fixture = join(import.meta.dirname, '../fixtures/holds-servers.ts');

let tempDir: string;
let children: ChildProcess[];
beforeEach(() => {
  tempDir = mkdtempSync(join(tmpdir(), 'jaegis-test-'));
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(tempDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

async function start(options: Partial<StartServersOptions>): Promise<NatsServers> {
  const host = { ...realHost(), tempDir };
  const binary = await serverBinary();
  return startServers({ host, clock, random: realRandom(), binary, count: 1, ...options });
}

const left = () => readdirSync(tempDir);
const alive = (pids: readonly (number | undefined)[]) =>
  pids.filter((pid) => pid !== undefined && realHost().isAlive(pid));
const pidsOf = ({ servers }: NatsServers) => servers.map(({ pid }) => pid);

/** The time limit is that of the test. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(clock, 10);
}

async function addStream(url: string, name: string, replicas: number): Promise<void> {
  const connection = await connect({ servers: url });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name, subjects: [name], num_replicas: replicas });
  await connection.close();
}

async function streamNames(url: string): Promise<string[]> {
  const connection = await connect({ servers: url });
  const names = await (await jetstreamManager(connection)).streams.names().next();
  await connection.close();
  return names;
}

test.each([1, 3] as const)('%i started: a stream with as many replicas can be made at once', async (count) => {
  const running = await start({ count });
  expect(running.urls).toHaveLength(count);
  await addStream(running.urls[0] ?? '', 'first', count);
  const pids = pidsOf(running);
  expect(alive(pids)).toHaveLength(count);
  await running.stop();
  expect(alive(pids)).toEqual([]);
  expect(left()).toEqual([]);
});

test('servers write through unless told otherwise', async () => {
  await using running = await start({});
  const [server] = running.servers;
  const config = join(server?.storeDir ?? '', '..', '..', `${server?.name}.conf`);
  expect(readFileSync(config, 'utf8')).toContain('sync_interval: "always"');
});

test('leaving the scope stops the servers', async () => {
  let pids: readonly (number | undefined)[];
  {
    await using running = await start({});
    pids = pidsOf(running);
  }
  expect(alive(pids)).toEqual([]);
  expect(left()).toEqual([]);
});

test('stopping twice is stopping once', async () => {
  const running = await start({});
  await Promise.all([running.stop(), running.stop()]);
  await running.stop();
  expect(left()).toEqual([]);
});

interface Holder {
  readonly process: ChildProcess;
  readonly guard: number;
  readonly servers: readonly number[];
}

/** Another process of ours that holds servers. */
async function holder(count: 1 | 3): Promise<Holder> {
  const { path } = await serverBinary();
  const child = spawn(process.execPath, [fixture, String(count), path, tempDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const servers: number[] = JSON.parse(await firstLine(child));
  expect(alive(servers)).toHaveLength(count);
  return { process: child, guard: parentOf(servers[0] ?? 0), servers };
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('The child has no output.');
  for await (const line of createInterface(stdout)) return line;
  throw new Error('The child said nothing.');
}

function parentOf(pid: number): number {
  if (process.platform !== 'linux') return Number(execFileSync('ps', ['-o', 'ppid=', '-p', `${pid}`]));
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

test.each([1, 3] as const)('when the parent of %i is killed, servers, guard and folder go', async (count) => {
  const { process: parent, guard, servers } = await holder(count);
  parent.kill('SIGKILL');
  await until(() => alive([...servers, guard]).length === 0);
  expect(left()).toEqual([]);
});

test.runIf(process.platform === 'linux')(
  'when parent and guard are killed, the servers end, and the folder goes at the next start',
  async () => {
    const { process: parent, guard, servers } = await holder(3);
    parent.kill('SIGKILL');
    process.kill(guard, 'SIGKILL');
    await until(() => alive(servers).length === 0);
    await until(() => alive([parent.pid]).length === 0);
    const [before] = left();
    expect(before).toBeDefined();
    await using running = await start({});
    expect(running.urls).toHaveLength(1);
    expect(left()).not.toContain(before);
  },
);

test('the folder of a live process is not swept', async () => {
  await using first = await start({});
  const before = left();
  await using _second = await start({});
  expect(left()).toEqual(expect.arrayContaining(before));
  await addStream(first.urls[0] ?? '', 'still', 1);
});

test('when the guard is killed, its servers end, are reported, and the folder goes', async () => {
  const running = await start({ count: 3 });
  const pids = pidsOf(running);
  const exits: ServerExit[] = [];
  running.onExit((exit) => exits.push(exit));
  process.kill(parentOf(pids[0] ?? 0), 'SIGKILL');
  await until(() => alive(pids).length === 0 && left().length === 0);
  expect(exits.map(({ server }) => server)).toEqual(running.servers);
  expect(exits[0]?.error.message).toContain('lost its guard');
  await running.stop();
});

test('a guard that hangs does not keep the servers from being stopped', async () => {
  const running = await start({});
  const pids = pidsOf(running);
  process.kill(parentOf(pids[0] ?? 0), 'SIGSTOP');
  await running.stop();
  expect(alive(pids)).toEqual([]);
  expect(left()).toEqual([]);
});

test('a server that ends by itself is reported with its log, also to who asks late; one that is killed is not', async () => {
  await using running = await start({ count: 3 });
  const [first, second] = running.servers;
  const early: ServerExit[] = [];
  running.onExit((exit) => early.push(exit));
  await second?.kill();
  process.kill(first?.pid ?? 0, 'SIGKILL');
  await until(() => early.length > 0);
  const late: ServerExit[] = [];
  running.onExit((exit) => late.push(exit));
  expect(early).toHaveLength(1);
  expect(late).toEqual(early);
  expect(early[0]?.server).toBe(first);
  expect(hasCode(early[0]?.error, 'server_failed')).toBe(true);
  expect(early[0]?.error.message).toMatch(/was ended by SIGKILL\. Its last lines:\n.*JetStream/s);
});

test('a server that is restarted has its address and its streams', async () => {
  await using running = await start({});
  const [server] = running.servers;
  const [url, pid] = [server?.url ?? '', server?.pid];
  await addStream(url, 'kept', 1);
  await server?.restart();
  expect(server?.pid).not.toBe(pid);
  expect(await streamNames(url)).toEqual(['kept']);
});

test('a store folder that was named stays and can be started from again', async () => {
  const storeDir = join(tempDir, 'store');
  const first = await start({ storeDir, count: 3 });
  await addStream(first.urls[0] ?? '', 'kept', 3);
  await first.stop();
  expect(left()).toEqual(['store']);
  await using second = await start({ storeDir, count: 3 });
  expect(await streamNames(second.urls[0] ?? '')).toEqual(['kept']);
});

test('a store folder in use is refused, and one of another number of servers', async () => {
  const storeDir = join(tempDir, 'store');
  const first = await start({ storeDir });
  const inUse = start({ storeDir });
  await expect(inUse).rejects.toMatchObject({ code: 'invalid_config', message: expect.stringContaining(storeDir) });
  await first.stop();
  const three = start({ storeDir, count: 3 });
  await expect(three).rejects.toMatchObject({ code: 'invalid_config', data: { servers: 1 } });
  expect(left()).toEqual(['store']);
});

test('a setting for sync that is no duration is refused before anything starts', async () => {
  const started = start({ sync: 'sometimes' });
  await expect(started).rejects.toMatchObject({ code: 'invalid_config', data: { path: 'sync', value: 'sometimes' } });
  expect(left()).toEqual([]);
});

test('a program that ends at once is a typed error with its last lines, and nothing is left', async () => {
  const binary = { path: process.execPath, version: '0', origin: 'setting' } as const;
  const started = start({ binary });
  await expect(started).rejects.toMatchObject({
    code: 'server_failed',
    message: expect.stringMatching(/ended with code \d+\. Its last lines:\n.*Node\.js v/s),
  });
  expect(left()).toEqual([]);
});

test('a program that cannot be started is a typed error', async () => {
  const binary = { path: join(tempDir, 'nothing'), version: '0', origin: 'setting' } as const;
  await expect(start({ binary })).rejects.toMatchObject({ code: 'server_failed' });
  expect(left()).toEqual([]);
});
