/** What a cluster keeps, carried from one server to another one that has nothing: by the API and by the command. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineActor, defineApp, openClusterState, startNode } from 'jaegis';
import { expect, it, onTestFinished } from 'vitest';
import { bareRequest } from '../support/bare-nats.ts';
import { withServers } from '../support/nats.ts';
import { runProgram } from '../support/programs.ts';

const log = defineActor('log', {
  state: () => ({ items: [] as number[] }),
  on: {
    add: (state, message: { item: number }) => ({ state: { items: [...state.items, message.item] }, reply: true }),
    items: (state) => ({ reply: state.items }),
    remind: (_state, message: { item: number; afterMs: number }, context) => {
      context.schedule(`item-${message.item}`, { afterMs: message.afterMs }, { type: 'add', item: message.item });
      return { reply: true };
    },
  },
});
const text = defineActor('text', {
  state: () => ({ text: '' }),
  on: { write: (_, message: { text: string }) => ({ state: { text: message.text }, reply: true }) },
});
const app = defineApp({ entities: [log, text] });
const [old, fresh] = [withServers(1), withServers(1)];
/** Of a timer that may have two seconds to go. */
const soon = { timeout: 30_000 };
let clusters = 0;

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'jaegis-backup-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

function start(nats: readonly string[], cluster: string, name: string, role: 'member' | 'client' = 'member') {
  return startNode({ nats, cluster, name, role, app, logLevel: 'silent' });
}

/** A cluster on the old server with two entities, an hour's timer, one that is soon due, and messages nobody took. */
async function filled() {
  const cluster = `kept-${++clusters}`;
  await using client = await start(old.urls, cluster, 'client', 'client');
  await using node = await start(old.urls, cluster, 'n1');
  const [x, y] = [client.entity(log, 'x'), client.entity(log, 'y')];
  for (const item of [1, 2]) await x.send({ type: 'add', item });
  await expect.poll(() => x.ask({ type: 'items' })).toEqual([1, 2]);
  await y.ask({ type: 'add', item: 1 });
  await x.ask({ type: 'remind', item: 9, afterMs: 3_000 });
  await y.ask({ type: 'remind', item: 9, afterMs: 3_600_000 });
  await node.stop();
  await x.send({ type: 'add', item: 3 });
  return cluster;
}

async function run(...flags: string[]) {
  const program = runProgram('packages/cli/src/main.ts', flags);
  const code = await program.ended;
  return { code, output: program.output() };
}

const on = (nats: readonly string[], cluster: string) => ['--nats', nats.join(','), '--cluster', cluster];

it('a backup is restored on a new server: states, a message that was not consumed, and a timer that fires then', async () => {
  const [cluster, place] = [await filled(), join(await folder(), 'backup')];
  const taken = await run('backup', place, ...on(old.urls, cluster));
  expect(taken).toMatchObject({ code: 0, output: expect.stringContaining('2 entities') });
  expect((await readdir(place)).toSorted()).toEqual(['inbox.bin', 'manifest.json', 'turns.bin']);
  const restored = await run('restore', place, ...on(fresh.urls, cluster), '--json');
  expect(restored.code, restored.output).toBe(0);
  expect(JSON.parse(restored.output)).toMatchObject({ of: cluster, entities: 2, unreadable: 0, timers: 2 });
  await using node = await start(fresh.urls, cluster, 'n1');
  await expect
    .poll(async () => (await node.entity(log, 'x').ask({ type: 'items' })).toSorted(), soon)
    .toEqual([1, 2, 3, 9]);
  expect(await node.entity(log, 'y').ask({ type: 'items' })).toEqual([1]);
  const again = await run('restore', place, ...on(fresh.urls, cluster));
  expect(again).toMatchObject({ code: 1, output: expect.stringContaining('is not empty') });
});

it('a backup with a flipped byte is refused with the name of the file, and nothing is made on the server', async () => {
  const [cluster, place] = [await filled(), join(await folder(), 'backup')];
  await using state = await openClusterState({ nats: old.urls, cluster });
  await state.backup(place);
  for (const file of ['turns.bin', 'inbox.bin', 'manifest.json']) {
    const path = join(place, file);
    const good = await readFile(path);
    const bad = Buffer.from(good);
    bad[bad.length >> 1] = (bad[bad.length >> 1] ?? 0) ^ 1;
    await writeFile(path, bad);
    const refused = await run('restore', place, ...on(fresh.urls, cluster));
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining(file) });
    await writeFile(path, good);
  }
  const info = await bareRequest(fresh.urls[0] ?? '', `$JS.API.STREAM.INFO.JAEGIS_${cluster}_TURNS`);
  expect(JSON.parse(info).error.code).toBe(404);
});

it('an entity is exported to a file and imported elsewhere; the command says who sent what to it', async () => {
  const [cluster, place] = [await filled(), await folder()];
  const [file, other] = [join(place, 'x.entity'), `other-${clusters}`];
  expect(await run('export', 'log/x', '--out', file, ...on(old.urls, cluster))).toMatchObject({ code: 0 });
  await using node = await start(fresh.urls, other, 'n1');
  const imported = await run('import', file, ...on(fresh.urls, other));
  expect(imported).toMatchObject({ code: 0, output: expect.stringContaining('imported log/x') });
  await expect.poll(() => node.entity(log, 'x').ask({ type: 'items' }), soon).toEqual([1, 2, 9]);
  const refused = await run('import', file, ...on(fresh.urls, other));
  expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('already') });
  const trail = await run('history', 'log/x', ...on(fresh.urls, other));
  expect(trail).toMatchObject({
    code: 0,
    output: expect.stringMatching(/jaegis\.import from tool-.*\n.*from timer:item-9/s),
  });
  const asThen = await run('history', 'log/x', '--turn', '1', '--json', ...on(old.urls, cluster));
  expect(JSON.parse(asThen.output)).toMatchObject({ turn: 1, handled: [{ type: 'add', from: 'client' }] });
  const none = await run('history', 'log/x', '--turn', '99', ...on(old.urls, cluster));
  expect(none).toMatchObject({ code: 4, output: expect.stringContaining('those from 1 to ') });
});

it.each([
  ['a cluster that there is not', ['history', 'log/x', '--cluster', 'nowhere'], 3, 'no cluster "nowhere"'],
  ['an entity that is none', ['export', 'nobody'], 2, 'type/key'],
  ['a file that is not there', ['import', 'no-such-file'], 2, 'no-such-file'],
  ['a turn that is none', ['history', 'log/x', '--turn', 'last'], 2, 'counted from 1'],
])('%s is refused with what to do', async (_, flags, code, expected) => {
  const refused = await run(...flags, '--nats', old.urls.join(','));
  expect(refused).toMatchObject({ code, output: expect.stringContaining(expected) });
});

it('who sent what adds little to a record: a small turn stays below 1.5 times its state and 200 bytes', async () => {
  const cluster = `bytes-${++clusters}`;
  await using node = await start(old.urls, cluster, 'a-node-of-a-long-name');
  const size = 200;
  for (let index = 0; index < 50; index++) {
    await node.entity(text, `some-key-${index}`).ask({ type: 'write', text: 'x'.repeat(size - 8) });
  }
  const info = await bareRequest(old.urls[0] ?? '', `$JS.API.STREAM.INFO.JAEGIS_${cluster}_TURNS`);
  const { bytes, messages } = JSON.parse(info).state;
  expect(messages).toBe(50);
  expect(bytes / messages).toBeLessThanOrEqual(1.5 * size + 200);
});
