/** A world in memory, another one for each test. Its time is pushed on all the while, so that a suite can just await. */
import { createSimWorld, type SimWorld } from '@jaegis/sim';
import { afterEach, beforeEach } from 'vitest';
import { errorsTo, type World } from './world.ts';

/** To be called in the describe of the suite. */
export function simWorld(): World {
  const errors: string[] = [];
  let world: SimWorld;
  let nodes: string[] = [];
  let stop = async () => {};
  beforeEach(() => {
    errors.length = 0;
    nodes = [];
    world = createSimWorld({ seed: 1, logger: errorsTo(errors) });
    stop = pushOn(world);
  });
  afterEach(() => stop());
  return {
    errors,
    async connect(options = {}) {
      const node = `node-${nodes.length}`;
      nodes.push(node);
      const { transport, openJournal, openInbox, openStore, blobs, heart } = world.connect(node, options);
      return {
        transport,
        openJournal,
        openInbox,
        heart,
        openStore: (name) => openStore({ name }),
        openBlobs: (name, keepMs = 600_000) => blobs({ name, keepMs }),
      };
    },
    async loseServer() {
      for (const node of nodes) world.network.disconnect(node);
    },
    async restoreServer() {
      world.storage.restart();
      for (const node of nodes) world.network.reconnect(node);
    },
  };
}

function pushOn({ clock }: SimWorld): () => Promise<void> {
  let isOver = false;
  const pushing = (async () => {
    while (!isOver) {
      await clock.advance(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  return () => {
    isOver = true;
    return pushing;
  };
}
