import { defineActor, defineSupervisor, startSystem } from 'jaegis';

const room = (owner: string) =>
  defineActor('room', {
    state: () => [] as readonly string[],
    on: {
      say: (lines, message: { text: string }) => ({ state: [...lines, `${owner}: ${message.text}`] }),
      read: (lines) => ({ reply: lines.join(' | ') }),
    },
  });

// All children are instances of one template; what `startChild` is given is passed to its start function.
const rooms = defineSupervisor('rooms', {
  strategy: 'simple_one_for_one',
  children: [{ id: 'room', start: room, restart: 'temporary' }],
});

await using system = startSystem({ logLevel: 'silent' });
const supervisor = await system.supervise(rooms, { name: 'rooms' });

const first = await supervisor.startChild('ann');
await supervisor.startChild('ben');
console.log((await supervisor.countChildren()).active); // prints: 2

first?.tell({ type: 'say', text: 'hello' });
console.log(await first?.ask({ type: 'read' })); // prints: ann: hello

if (first) await supervisor.terminateChild(first);
console.log((await supervisor.countChildren()).active); // prints: 1
