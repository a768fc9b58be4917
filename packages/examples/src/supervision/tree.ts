import { defineActor, defineSupervisor, startSystem } from 'jaegis';

const counter = defineActor('counter', {
  state: () => ({ count: 0 }),
  on: {
    add: (state) => ({ state: { count: state.count + 1 }, reply: state.count + 1 }),
    fail: () => {
      throw new Error('out of order');
    },
  },
});

// A tree: the shop starts its children in this order, restarts each of them alone, and stops them in reverse.
const shop = defineSupervisor('shop', {
  strategy: 'one_for_one',
  intensity: 3, // more than 3 restarts …
  periodMs: 5_000, // … within 5 s, and the supervisor itself gives up
  children: [
    { id: 'till', start: counter },
    { id: 'door', start: counter, restart: 'transient', shutdown: 1_000 },
  ],
});

await using system = startSystem({ logLevel: 'silent' });
const supervisor = await system.supervise(shop, { name: 'shop' });

const till = system.at('local/user/shop/till', counter);
await till.ask({ type: 'add' });
till.tell({ type: 'fail' });
console.log(await till.ask({ type: 'add' })); // prints: 2

for (const { id, status, incarnation } of await supervisor.whichChildren()) console.log(id, status, incarnation);
// prints: door running 1
// prints: till running 2

await supervisor.terminateChild('door');
console.log(await supervisor.countChildren());
// prints: { specs: 2, active: 1, supervisors: 0, workers: 2 }
