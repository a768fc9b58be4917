/** What is promised of bodies in the object store, whoever fetches them. */
import { type Blobs, limits, silentLogger } from '@jaegis/core';
import { createSimWorld } from '@jaegis/sim';
import { expect, test } from 'vitest';
import { LargeBodies } from './large-bodies.ts';

test('only a few are fetched at once, and none waits for one that does not come', async () => {
  const world = createSimWorld({ seed: 1 });
  const store = world.connect('n1').blobs({ name: 'LARGE' });
  const fetching = { now: 0, most: 0 };
  const get: Blobs['get'] = (name) => {
    fetching.most = Math.max(fetching.most, ++fetching.now);
    return store.get(name).finally(() => fetching.now--);
  };
  const bodies = new LargeBodies({
    blobs: {
      put: (name, body) => store.put(name, body),
      get,
      remove: (name) => store.remove(name),
      names: () => store.names(),
    },
    clock: world.clock,
    random: world.random,
    logger: silentLogger,
  });
  const absent = Array.from({ length: 20 }, (_, n) => `absent-${n}`);
  const given = absent.map((name) => expect(bodies.take(name)).rejects.toMatchObject({ code: 'corrupt_record' }));
  const name = await world.clock.runUntilSettled(bodies.put('A reply', Uint8Array.of(1, 2)));
  const startMs = world.clock.now();
  expect(await world.clock.runUntilSettled(bodies.take(name))).toEqual(Uint8Array.of(1, 2));
  expect(world.clock.now() - startMs).toBeLessThan(1_000);
  for (const other of absent) bodies.giveUp(other);
  await world.clock.advance(1_000);
  await Promise.all(given);
  expect(fetching.most).toBe(limits.largeFetches);
});
