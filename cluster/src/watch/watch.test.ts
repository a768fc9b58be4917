/** Nodes that watch each other, without a cluster that agrees on anything, in a simulated world. */
import {
  emptyView,
  incarnation,
  type Load,
  type Member,
  nodeId,
  type Observation,
  silentLogger,
  type View,
  viewWith,
} from '@jaegis/core';
import { createSimWorld } from '@jaegis/sim';
import { describe, expect, it, test } from 'vitest';
import { Pulse } from './pulse.ts';
import { Watch } from './watch.ts';

const LOOK_MS = 50;

interface Watching {
  readonly member: Member;
  readonly watch: Watch;
  /** What it said at its last look. */
  said: Observation[];
  /** All that it has called others, each change once, with its time. */
  readonly calls: string[];
  load: Load;
}

async function watching(count: number) {
  const world = createSimWorld({ seed: 1 });
  const { clock, network } = world;
  const nodes: Watching[] = [];
  const gone: string[] = [];
  for (let index = 1; index <= count; index++) {
    const member: Member = { id: nodeId(`n${index}`), incarnation: incarnation(`n${index}-1`) };
    const { transport, heart } = world.connect(member.id);
    const base = { cluster: 'c', transport, clock, logger: silentLogger };
    const load: Load = { index: 0, epoch: 1, waiting: 0, heapBytes: 0, ready: true };
    const watch = new Watch({ ...base, onGone: () => gone.push(member.id) });
    const node: Watching = { member, watch, said: [], calls: [], load };
    const beats = heart({ cluster: 'c', running: () => `${member.id}/user/busy` });
    await clock.runUntilSettled(new Pulse({ ...base, heart: beats, load: () => node.load }).start(member));
    nodes.push(node);
  }
  const view = nodes.reduce((all: View, { member }) => viewWith(all, member), emptyView);
  for (const node of nodes) node.watch.follow(view, node.member);
  /** Lets time pass while all look, but those. */
  const pass = async (ms: number, ...asleep: readonly number[]) => {
    for (let passed = 0; passed < ms; passed += LOOK_MS) {
      await clock.advance(LOOK_MS);
      for (const [index, node] of nodes.entries()) if (!asleep.includes(index)) lookOnce(node);
    }
  };
  const lookOnce = (node: Watching) => {
    node.said = node.watch.look(clock.monotonic(), 0);
    for (const { of, sees } of node.said) {
      const call = `${of.id} ${sees}`;
      if (node.calls.findLast((earlier) => earlier.startsWith(`${of.id} `)) !== call) node.calls.push(call);
    }
  };
  const at = (index: number) => nodes[index] as Watching; // as many as were made
  await pass(1_000);
  return { world, clock, network, nodes, view, pass, lookOnce, at, gone };
}

test('who is asked what it sees of one member several times at once asks that one once', async () => {
  const { network, clock, pass, at } = await watching(3);
  network.freeze('n2');
  await pass(200, 1);
  await clock.advance(500);
  let asked = 0;
  network.watch(({ subject, to }) => {
    if (to === undefined && subject.endsWith('.ping')) asked++;
  });
  const seen = await clock.runUntilSettled(
    Promise.all(Array.from({ length: 5 }, () => at(0).watch.observe(at(1).member))),
  );
  expect(seen.map(({ sees }) => sees)).toEqual(Array(5).fill('silent'));
  expect(asked).toBeLessThanOrEqual(1); // none where its watcher has just asked
});

describe('a watched node', () => {
  it('of which nothing is wrong is not spoken of', async () => {
    const { pass, nodes } = await watching(3);
    await pass(5_000);
    expect(nodes.map(({ calls }) => calls)).toEqual([[], [], []]);
  });

  it('that has crashed is gone once the server has said twice that nobody listens there', async () => {
    const { network, pass, at, gone } = await watching(3);
    network.crash('n2');
    await pass(350, 1);
    expect(at(0).said).toMatchObject([{ of: { id: 'n2' }, by: { id: 'n1' }, sees: 'gone' }]);
    expect(gone.toSorted(), 'said at once, not at the next look').toEqual(['n1', 'n3']);
  });

  it('whose connections are on their way to another server for a moment is not gone', async () => {
    const { network, pass, at, clock } = await watching(3);
    for (let time = 0; time < 20; time++) {
      network.disconnect('n2');
      await clock.advance(110);
      network.reconnect('n2');
      await pass(290);
    }
    expect([...at(0).calls, ...at(2).calls]).toEqual([]);
  });

  it('that stands still is silent after 600 ms, and alive again only once it has been steady for a second', async () => {
    const { network, pass, at } = await watching(2);
    const thaw = network.freeze('n2');
    await pass(550, 1);
    expect(at(0).said).toEqual([]);
    await pass(200, 1);
    expect(at(0).said).toMatchObject([{ sees: 'silent', silentMs: expect.any(Number), phi: expect.any(Number) }]);
    thaw();
    await pass(900);
    expect(at(0).said).toMatchObject([{ sees: 'silent', silentMs: expect.toSatisfy((ms: number) => ms < 200) }]);
    await pass(400);
    expect(at(0).said).toEqual([]);
    expect(at(0).calls).toEqual(['n2 silent', 'n2 alive']);
  });

  it('that comes and goes is called silent once, and longer each time that it was called well too soon', async () => {
    const { network, pass, at } = await watching(2);
    for (let flap = 0; flap < 5; flap++) {
      const thaw = network.freeze('n2');
      await pass(800, 1);
      thaw();
      await pass(700);
    }
    expect(at(0).calls).toEqual(['n2 silent']);
    await pass(1_000);
    expect(at(0).calls).toEqual(['n2 silent', 'n2 alive']);
    const thaw = network.freeze('n2');
    await pass(800, 1);
    thaw();
    await pass(1_800);
    expect(at(0).calls.at(-1)).toBe('n2 silent');
  });

  it('whose event loop hangs is stalled within half a second, with the actor, and never silent', async () => {
    const { network, pass, at } = await watching(3);
    const wake = network.hang('n3');
    await pass(450, 2);
    expect(at(0).said).toMatchObject([{ of: { id: 'n3' }, sees: 'stalled', actor: 'n3/user/busy' }]);
    await pass(5_000, 2);
    expect(at(0).said).toMatchObject([{ sees: 'stalled', loopMs: expect.toSatisfy((ms: number) => ms > 5_000) }]);
    wake();
    await pass(1_500);
    expect(at(0).calls).toEqual(['n3 stalled', 'n3 alive']);
  });

  it('whose actors reach nobody is cut off, though its heart beats', async () => {
    const { network, pass, at } = await watching(3);
    network.cutPath('n2');
    await pass(1_400);
    expect(at(0).calls).toEqual([]);
    await pass(300);
    expect(at(0).said).toMatchObject([{ of: { id: 'n2' }, sees: 'cut_off' }]);
  });

  it('whose heart has lost its connection is alive all the same', async () => {
    const { network, pass, at } = await watching(2);
    network.disconnect('n2', 'heart');
    await pass(5_000);
    expect(at(0).calls).toEqual([]);
  });

  it('that is not ready says what it lacks', async () => {
    const { pass, at } = await watching(2);
    at(1).load = { ...at(1).load, ready: false, missing: ['disk'] };
    await pass(300);
    expect(at(0).said).toMatchObject([{ of: { id: 'n2' }, sees: 'not_ready', missing: ['disk'] }]);
  });

  it('is not helped by the beats of another life', async () => {
    const { world, clock, pass, at } = await watching(2);
    const life: Member = { ...at(1).member, incarnation: incarnation('n2-2') };
    await clock.runUntilSettled(world.connect('n2').heart({ cluster: 'c' }).start(life));
    await pass(300, 1);
    expect(at(0).said).toMatchObject([{ of: { incarnation: 'n2-1' }, sees: 'gone' }]);
  });
});

describe('a watcher', () => {
  it('that was cut off itself accuses nobody, and knows that it does not see a majority', async () => {
    const { network, clock, pass, at } = await watching(3);
    expect(at(0).watch.hearsMajority(clock.monotonic())).toBe(true);
    network.cutPath('n1');
    await pass(5_000);
    expect(at(0).calls).toEqual([]);
    expect(at(0).watch.hearsMajority(clock.monotonic())).toBe(false);
    expect(at(1).watch.hearsMajority(clock.monotonic())).toBe(true);
  });

  it('that lost its connection accuses nobody, also once it is back', async () => {
    const { network, pass, at } = await watching(3);
    for (const id of ['n1', 'n2', 'n3']) network.disconnect(id);
    await pass(3_000);
    network.reconnect('n1');
    await pass(200);
    for (const id of ['n2', 'n3']) network.reconnect(id);
    await pass(3_000);
    expect(at(0).calls).toEqual([]);
  });

  it('whose own loop hung does not hold that against others', async () => {
    const { network, clock, pass, at, lookOnce } = await watching(3);
    const wake = network.hang('n1');
    await pass(4_000, 0);
    lookOnce(at(0)); // before anything that waited is read
    wake();
    await clock.advance(1);
    await pass(1_000);
    expect(at(0).calls).toEqual([]);
  });

  it('cannot be heard by one whose messages are lost on the way, which accuses it, and nobody else does', async () => {
    const { network, pass, at } = await watching(3);
    network.cut('n1', 'n2');
    await pass(1_000);
    expect([at(0).calls, at(1).calls, at(2).calls]).toEqual([['n2 silent'], ['n1 silent'], []]);
  });
});

describe('who is asked what it sees of a member', () => {
  it('answers at once where it has just heard of it', async () => {
    const { at, clock } = await watching(2);
    const before = clock.monotonic();
    const seen = await clock.runUntilSettled(at(0).watch.observe(at(1).member));
    expect([seen.sees, clock.monotonic() - before]).toEqual(['alive', 0]);
  });

  it('asks where it has not: what is gone, what is silent, and what lives after all', async () => {
    const { at, clock, network, world } = await watching(4);
    const outsider: Member = { id: nodeId('out'), incarnation: incarnation('out-1') };
    const { watch } = at(0);
    const observe = (member: Member) => clock.runUntilSettled(watch.observe(member));
    expect(await observe(outsider)).toMatchObject({ of: outsider, by: at(0).member, sees: 'gone' });
    await clock.runUntilSettled(world.connect('out').heart({ cluster: 'c' }).start(outsider));
    expect(await observe(outsider)).toMatchObject({ sees: 'alive', loopMs: expect.any(Number) });
    network.freeze('out');
    const before = clock.monotonic();
    expect(await observe(outsider)).toMatchObject({ sees: 'silent', silentMs: 150 });
    expect(clock.monotonic() - before).toBe(150);
  });

  it('says what is true now, whatever it still calls the member', async () => {
    const { at, clock, network, pass } = await watching(2);
    const thaw = network.freeze('n2');
    await pass(800, 1);
    thaw();
    await pass(300);
    expect(at(0).said).toMatchObject([{ sees: 'silent' }]);
    expect(await clock.runUntilSettled(at(0).watch.observe(at(1).member))).toMatchObject({ sees: 'alive' });
  });
});

it('a watcher listens to those only that fall to it, and to nobody once it is closed', async () => {
  const { network, at, pass, view, clock, world } = await watching(3);
  at(0).watch.follow({ epoch: 2, members: view.members.filter(({ id }) => id !== 'n3') }, at(0).member);
  network.crash('n3');
  await pass(1_000, 2);
  expect(at(0).calls).toEqual([]);
  expect(at(1).calls).toEqual(['n3 gone']);
  const client = world.connect('client');
  const beats: string[] = [];
  const base = { cluster: 'c', transport: client.transport, clock, logger: silentLogger };
  const watch = new Watch({ ...base, onBeat: ({ id }) => beats.push(id) });
  watch.follow(view, { id: nodeId('client'), incarnation: incarnation('x') });
  await clock.advance(300);
  expect(new Set(beats)).toEqual(new Set(['n1', 'n2']));
  watch.close();
  beats.length = 0;
  await clock.advance(300);
  expect(beats).toEqual([]);
});
