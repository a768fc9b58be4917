/** What becomes of the name of a cluster that is mistyped, and of one that is merely new, on servers that others use. */
import { defineActor, defineApp, type NodeOptions, startNode } from 'jaegis';
import { describe, expect, it } from 'vitest';
import { bareRequest } from '../support/bare-nats.ts';
import { withServers } from '../support/nats.ts';
import { runProgram } from '../support/programs.ts';

const nats = withServers(1);
const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  on: { add: ({ total }, { by }: { by: number }) => ({ state: { total: total + by }, reply: total + by }) },
});
const app = defineApp({ entities: [counter] });
const options = (cluster: string): NodeOptions => ({ cluster, nats: nats.urls, app, logLevel: 'silent', threads: 1 });
const client = (cluster: string) => startNode({ ...options(cluster), role: 'client' });

async function streams(): Promise<string[]> {
  return JSON.parse(await bareRequest(nats.urls[0] ?? '', '$JS.API.STREAM.NAMES')).streams ?? [];
}

it('a client may come before the nodes of its cluster, where there is no other', async () => {
  await using first = await client('early');
  await using _node = await startNode(options('early'));
  expect(await first.entity(counter, 'a').ask({ type: 'add', by: 1 })).toBe(1);
});

it('a client of a cluster that there never was is refused with the names of those that there are, and makes nothing', async () => {
  await using _shop = await startNode(options('shop'));
  await using _bank = await startNode(options('bank'));
  const before = await streams();
  await expect(client('shap')).rejects.toMatchObject({
    code: 'no_such_cluster',
    message: `There is no cluster "shap" at ${nats.urls.join(', ')}; there is "bank", "shop".`,
    data: { cluster: 'shap', known: ['bank', 'shop'] },
  });
  expect(await streams()).toEqual(before);
});

it('a client of a cluster whose nodes are all away starts beside others, and is served when one is back', async () => {
  await (await startNode(options('resting'))).stop();
  await using _other = await startNode(options('shop'));
  await using early = await client('resting');
  await using _node = await startNode(options('resting'));
  expect(await early.entity(counter, 'a').ask({ type: 'add', by: 1 })).toBe(1);
});

it('the first member of a new cluster starts beside others', async () => {
  await using _other = await startNode(options('shop'));
  await using node = await startNode(options('new'));
  expect(node.view.members).toHaveLength(1);
});

describe('a command that reads what a cluster keeps', () => {
  const fresh = withServers(1);
  const file = import.meta.filename;
  it.each([
    ['history', ['history', 'counter/a']],
    ['history of one turn', ['history', 'counter/a', '--turn', '1']],
    ['export', ['export', 'counter/a']],
    ['import', ['import', file]],
    ['backup', ['backup', `${file}.backup`]],
    ['letters', ['letters']],
  ])(
    '%s: names the clusters that there are, with nodes or without, where there is none of the name',
    async (_, command) => {
      await (await startNode(options('resting'))).stop();
      await using _shop = await startNode(options('shop'));
      const program = runProgram('packages/cli/src/main.ts', [
        ...command,
        '--cluster',
        'shap',
        '--nats',
        nats.urls.join(','),
      ]);
      expect(await program.ended, program.output()).toBe(3);
      expect(program.output()).toMatch(/There is no cluster "shap" at nats:.*; there is .*"resting", "shop"\./);
    },
  );

  it('says that there is none at all, where nothing was ever started', async () => {
    const program = runProgram('packages/cli/src/main.ts', ['history', 'counter/a', '--nats', fresh.urls.join(',')]);
    expect(await program.ended).toBe(3);
    expect(program.output()).toContain(`There is no cluster "default" at ${fresh.urls.join(', ')}, nor any other.`);
  });
});
