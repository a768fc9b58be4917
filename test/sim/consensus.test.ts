/** Agreeing on who is alive, on a virtual clock: each seed is another order of events. */
import type { ClusterNode, MembershipEvent } from '@jaegis/cluster';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const seeds = Array.from({ length: 10 }, (_, index) => index + 1);

/** So many nodes that have seen each other for a while. */
async function running(seed: number, ...names: string[]) {
  const { world, node } = simCluster(seed, []);
  const nodes = new Map<string, ClusterNode>();
  const events: (MembershipEvent & { readonly at: string })[] = [];
  const start = async (name: string) => {
    const made = await node(name);
    nodes.set(name, made);
    made.membership.onEvent((event) => events.push({ ...event, at: name }));
    return made;
  };
  for (const name of names) await start(name);
  await world.clock.advance(1_000);
  const of = (name: string) => (nodes.get(name) ?? expect.fail(`no node ${name}`)).membership;
  const ids = (name: string) => of(name).view.members.map(({ id }) => String(id));
  const leaders = () => [...nodes].filter(([, { membership }]) => membership.isLeader).map(([name]) => name);
  const crash = (name: string) => {
    world.network.crash(name);
    nodes.delete(name);
  };
  const until = async (isTrue: () => boolean, withinMs?: number) => {
    const begin = world.clock.monotonic();
    await world.clock.runUntil(isTrue, withinMs);
    return world.clock.monotonic() - begin;
  };
  return { world, start, of, ids, leaders, crash, until, events, nodes };
}

describe.each(seeds)('seed %i', (seed) => {
  it('there is one leader, and all hold the same table', async () => {
    const { of, ids, leaders } = await running(seed, 'n1', 'n2', 'n3');
    expect(leaders()).toHaveLength(1);
    for (const name of ['n1', 'n2', 'n3']) {
      expect(ids(name)).toEqual(['n1', 'n2', 'n3']);
      expect(of(name).table).toEqual(of('n1').table);
      expect(of(name).standing).toBe('serving');
    }
  });

  it('a member that is killed is down within a moment, with the evidence of all others', async () => {
    const { crash, ids, until, leaders, events } = await running(seed, 'n1', 'n2', 'n3');
    const [leader = ''] = leaders();
    const victim = ['n1', 'n2', 'n3'].find((name) => name !== leader) ?? '';
    crash(victim);
    expect(await until(() => !ids(leader).includes(victim))).toBeLessThan(500);
    const down = events.find((event) => event.type === 'status_changed' && event.to === 'down');
    expect(down).toMatchObject({ of: victim, reason: 'gone' });
  });

  it('when the leader is killed another one is elected, and it is down within a moment', async () => {
    const { crash, ids, until, leaders } = await running(seed, 'n1', 'n2', 'n3');
    const [leader = ''] = leaders();
    const other = leader === 'n1' ? 'n2' : 'n1';
    crash(leader);
    expect(await until(() => !ids(other).includes(leader))).toBeLessThan(1_000);
    expect(leaders()).toHaveLength(1);
  });
});
