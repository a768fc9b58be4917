/** Durable XState machines whose node dies: what is repeated elsewhere, and when, on a virtual clock. */
import type { ActorDefinition, Protocol } from '@jaegis/actors';
import { ownerOf } from '@jaegis/cluster';
import { describe, expect, it } from 'vitest';
import { invocations, type Lit, lamp, policies, tally } from '../support/lamp.ts';
import { simCluster } from '../support/sim-cluster.ts';

const DELAY = 60_000;
const TOUCHED = 20_000;
const CRASHED = 30_000;

describe.each(policies)('where delays are restored by "%s"', (delays) => {
  it.each(invocations)(
    'and promises by "%s": entered once, dark in time, its work as it should be',
    async (invoked) => {
      let now = () => 0;
      let begun = 0;
      const work = () => (++begun === 1 ? new Promise<string>(() => {}) : Promise.resolve('done'));
      const definition = lamp(delays, invoked, { now: () => now(), delayMs: DELAY, work });
      // Definitions of any protocol: the list is for the runtime.
      const { world, node } = simCluster(1, [definition, tally] as unknown as ActorDefinition<Protocol>[]);
      now = () => world.clock.now();
      for (const name of ['n1', 'n2']) await node(name);
      const client = await node('c', 'client');
      const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
      const ref = client.entity(definition, 'a');
      const look = async () => ((await settled(ref.ask({ type: 'look' }, patient))) as { context: Lit }).context;
      let restoredAt = 0;
      client.events.subscribe(({ type, entity, resumed, timeMs }) => {
        if (type === 'entity_started' && entity === `${definition.type}/a` && resumed === true) restoredAt = timeMs;
      });

      const litAt = world.clock.now();
      await settled(ref.ask({ type: 'light', key: 'a' }));
      const before = await look();
      expect([before.entered, before.darkAt, before.worked, begun]).toEqual([1, 0, '', 1]);
      await world.clock.advance(litAt + TOUCHED - world.clock.now());
      await settled(ref.ask({ type: 'touch' }));
      const touchedAt = world.clock.now();
      await world.clock.advance(litAt + CRASHED - world.clock.now());
      world.network.crash(String(ownerOf(ref.entity, client.membership.view)?.id));
      await world.clock.advance(litAt + 3 * DELAY - world.clock.now());

      const { entered, touched, darkAt, worked } = await look();
      expect(restoredAt).toBeGreaterThan(litAt + CRASHED);
      expect([entered, touched, await settled(client.entity(tally, 'a').ask({ type: 'read' }, patient))]).toEqual([
        1, 1, 1,
      ]);
      expect([worked, begun]).toEqual(invoked === 'restart' ? ['done', 2] : ['cancelled', 1]);
      const due = {
        deadline: litAt + DELAY,
        remaining: restoredAt + DELAY - (touchedAt - litAt),
        anew: restoredAt + DELAY,
      };
      // Some ms pass between an event and its record.
      expect(Math.abs(darkAt - due[delays])).toBeLessThan(20);
    },
  );
});

const patient = { timeoutMs: 30_000 };
