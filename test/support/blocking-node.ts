/**
 * A node with an actor that blocks the event loop by synchronous code for as long as it is told to. Arguments: its name,
 * the cluster, addresses of servers.
 */
import { defineActor, defineApp, startNode } from 'jaegis';

const [, , name = '', cluster = '', nats = ''] = process.argv;

const blocker = defineActor('blocker', {
  state: () => 0,
  on: {
    block: (_state, { ms }: { ms: number }) => {
      blockFor(ms);
      return { reply: 'done' };
    },
  },
});

function blockFor(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

const app = defineApp({ actors: [{ name: 'blocker', definition: blocker }] });
await startNode({ name, cluster, nats: nats.split(','), app, logLevel: 'error' });
console.log('ready');
