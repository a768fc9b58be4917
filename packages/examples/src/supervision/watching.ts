import { defineActor, startSystem } from 'jaegis';

const worker = defineActor('worker', {
  state: () => 0,
  on: {
    fail: () => {
      throw new Error('out of paper');
    },
  },
});

const watcher = defineActor('watcher', {
  trapExits: true, // exit signals of linked actors become messages instead of ending this one
  state: (_key, context) => {
    const linked = context.spawn(worker, { name: 'linked', link: true, restart: 'temporary' });
    const watched = context.spawn(worker, { name: 'watched', restart: 'temporary' });
    context.monitor(watched, { tag: 'the printer' });
    return { linked, watched };
  },
  signals: {
    exit: (_state, { from, reason }) => console.log(`exit of ${from?.address}: ${(reason as Error).message}`),
    down: (_state, { tag, reason }) => console.log(`down: ${tag}: ${(reason as Error).message}`),
  },
  on: {
    test: ({ linked, watched }, _message, context) => {
      context.tell(linked, { type: 'fail' });
      context.tell(watched, { type: 'fail' });
    },
  },
});

await using system = startSystem({ logLevel: 'silent' });
const ref = await system.spawn(watcher, { name: 'watcher', register: 'front-desk' });
system.named('front-desk').tell({ type: 'test' });
// prints: exit of local/user/watcher/linked: out of paper
// prints: down: the printer: out of paper

const { down } = system.monitor(ref); // from outside the actors
await new Promise((resolve) => setTimeout(resolve, 50));
await system.stop(ref, { reason: 'shutdown' });
console.log((await down).reason); // prints: shutdown
