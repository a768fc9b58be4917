import {
  defineActor,
  defineApp,
  defineSupervisor,
  findServer,
  realClock,
  realHost,
  realRandom,
  startNode,
  startServers,
} from 'jaegis';

const scanner = defineActor('scanner', {
  state: () => 0,
  on: { where: (_count, _message, { address }) => ({ reply: address }) },
});

const clerk = defineActor('clerk', {
  state: (_key, context) => {
    context.monitorNodes(); // nodes that come and go
    context.monitor('desk-2/user/visitor'); // an actor of another node
  },
  signals: {
    down: (_state, { from, reason }) => console.log(`${from?.address}: ${reason}`), // `node_down` if its node had died
    node: (_state, { change, node }) => console.log(`${node} is ${change}`),
  },
  on: {},
});

// The child runs on another node than its supervisor; if that node is gone, on the next one that may have it.
const office = defineSupervisor('office', {
  children: [{ id: 'scanner', start: scanner, on: { other: true } }],
});

// What children with `on` are made of, each node knows by its type.
const app = defineApp({ definitions: [scanner] });

const world = { host: realHost(), clock: realClock(), random: realRandom() };
const path = world.host.env.NATS_SERVER;
const binary = await findServer({ ...world, ...(path ? { path } : {}) });
await using servers = await startServers({ ...world, count: 1, binary });
const start = (name: string) => startNode({ name, cluster: 'office', nats: servers.urls, app });

await using desk = await start('desk-1');
const second = await start('desk-2');
await second.spawn(scanner, 'visitor');
while (desk.view.members.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));

await desk.system.supervise(office, { name: 'office' });
const ref = desk.system.at('desk-1/user/office/scanner', scanner); // good wherever it runs
console.log(await ref.ask({ type: 'where' })); // prints: desk-2/guests/desk-1/user/office/scanner
await desk.spawn(clerk, 'clerk');
// Signals and messages from one node to another keep their order: once this is answered, the visitor is watched.
await desk.actor('desk-2/user/visitor').ask({ type: 'where' });

await second.stop();
// prints: desk-2/user/visitor: shutdown
// prints: desk-2 is down

await using third = await start('desk-3');
// prints: desk-3 is up
console.log(await ref.ask({ type: 'where' })); // prints: desk-3/guests/desk-1/user/office/scanner
await desk.system.stop('desk-1/user/office');
await third.stop();
// prints: desk-3 is down
