/** Large messages to a node over a slow line, with bounds of the network and without, on a virtual clock. */
import { defineActor } from '@jaegis/actors';
import type { NetworkBounds } from '@jaegis/core';
import { Bandwidth } from '@jaegis/resilience';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';
import { SlowLink } from '../support/slow-link.ts';

/** Of the line of the node that floods. */
const LINE_BYTES = 500_000;
const BODY_BYTES = 200_000;

const sink = defineActor('sink', {
  state: () => 0,
  on: {
    take: (count, _message: { body: string }) => ({ state: count + 1 }),
    count: (count) => ({ reply: count }),
  },
});

/** For 10 seconds one node sends another more bulk than its line carries, and asks it something ten times a second. */
async function flood(isBounded: boolean) {
  const sim = simCluster(5, [], {
    maxPayload: 64 * 1024,
    between: (name, ports) => {
      if (name !== 'n1') return ports;
      const link = new SlowLink(ports.clock, LINE_BYTES);
      return { ...ports, transport: link.transport(ports.transport), blobs: link.blobs(ports.blobs) };
    },
  });
  const { world } = sim;
  const shaper = new Bandwidth(world.clock, { bytesPerSecond: LINE_BYTES / 2 });
  const network: NetworkBounds = { shaper, bulkBytes: 16 * 1024 };
  const floods = await sim.node('n1', 'member', isBounded ? { network } : {});
  const [flooded, third] = [await sim.node('n2'), await sim.node('n3')];
  for (const name of ['sink', 'desk']) await world.clock.runUntilSettled(flooded.system.spawn(sink, { name }));
  await world.clock.advance(10_000); // newcomers have their full shares
  const events: unknown[] = [];
  third.events.subscribe((event) => events.push(event));
  const waits: number[] = [];
  const refused: unknown[] = [];
  const body = 'x'.repeat(BODY_BYTES);
  const ask = async () => {
    const began = world.clock.monotonic();
    const counted = floods.actor('n2/user/desk').ask({ type: 'count' }, { timeoutMs: 60_000 });
    await counted.catch(() => {});
    waits.push(world.clock.monotonic() - began);
  };
  for (let turn = 0; turn < 100; turn++) {
    for (let n = 0; n < 2; n++) {
      try {
        floods.actor('n2/user/sink').tell({ type: 'take', body } as { type: 'take' });
      } catch (error) {
        refused.push(error);
      }
    }
    void ask();
    await world.clock.advance(100);
  }
  const { peers } = floods.inspect();
  const taken = () => world.clock.runUntilSettled(flooded.system.ask('/user/sink', { type: 'count' }, {}));
  return { ...sim, floods, events, waits, refused, peers, taken };
}

describe('a flood of large messages to one node', () => {
  it('does not keep what else goes there, where the network is bounded', async () => {
    const { world, events, waits, refused, peers, taken, floods } = await flood(true);
    // An ask waits for one or two bodies that are on the line, and not for those that wait for their turn.
    expect(waits.length).toBeGreaterThan(95);
    expect(Math.max(...waits)).toBeLessThan(1_000);
    // Nobody was called anything, and nobody left.
    expect(events).toEqual([]);
    // What waits is bounded, and the rest was refused.
    expect(refused[0]).toMatchObject({ code: 'overloaded', data: { node: 'n2', option: 'network' } });
    expect(Number(peers?.find(({ node }) => node === 'n2')?.bulkBytes)).toBeLessThanOrEqual(8 * 1024 * 1024);
    // Bulk went on meanwhile: it had what nobody else wanted.
    const count = Number(await taken());
    expect(count).toBeGreaterThan((0.7 * 10 * LINE_BYTES) / 2 / BODY_BYTES);
    expect(count).toBeLessThan((1.2 * 10 * LINE_BYTES) / 2 / BODY_BYTES + 3);
    await world.clock.advance(60_000);
    expect(Number(await taken())).toBe(200 - refused.length);
    await world.clock.runUntilSettled(floods.stop());
  });

  it('keeps all of it where the network is not', async () => {
    const { waits } = await flood(false);
    expect(waits).toEqual([]);
  });
});
