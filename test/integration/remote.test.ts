/** What ties actors of several processes together, on real servers: a child, a monitor and a cycle of asks. */
import { defineSupervisor, startNode } from 'jaegis';
import { expect, test } from 'vitest';
import { withServers } from '../support/nats.ts';
import { runProgram } from '../support/programs.ts';
import { app, worker } from './remote-app.ts';

const nats = withServers(1);

test('a child on a node that is killed goes on on another, its watchers are told, and a cycle over nodes is resolved', async () => {
  const cluster = 'remote';
  const programs = new Map(
    ['n2', 'n3'].map((name) => [
      name,
      runProgram('test/integration/remote-main.ts', [name, cluster, nats.urls.join()]),
    ]),
  );
  await using node = await startNode({ name: 'n1', cluster, nats: nats.urls, app, logLevel: 'silent' });
  for (const program of programs.values()) await program.said('ready');
  await expect.poll(() => node.view.members.length).toBe(3);

  const way = ['n2/user/passer', 'n3/user/passer', 'n1/user/passer'];
  const passed = await node.actor('n1/user/passer').ask({ type: 'pass', way });
  expect(passed).toBe('deadlock');

  const shop = defineSupervisor('shop', { children: [{ id: 'till', start: worker, on: { other: true } }] });
  await node.system.supervise(shop, { name: 'shop' });
  const till = node.system.at('n1/user/shop/till', worker);
  const first = await till.ask({ type: 'where' });
  const watched = ['passer', 'nobody'].map((id) => node.system.monitor(`${first}/user/${id}`).down);
  expect((await watched[1])?.reason).toBe('noproc');
  programs.get(first)?.process.kill('SIGKILL');
  const { reason } = (await watched[0]) ?? {};
  expect(reason).toMatchObject({ code: 'node_down', data: { node: first } });
  expect(await till.ask({ type: 'where' }, { timeoutMs: 20_000 })).toBe(first === 'n2' ? 'n3' : 'n2');
});
