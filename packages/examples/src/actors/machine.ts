import { defineMachine, reply, startSystem } from 'jaegis';
import { assign, fromPromise, setup } from 'xstate';

// Any XState machine is an actor: its delays run on the kernel's clock, its children are in the supervision tree.
const kettle = defineMachine(
  'kettle',
  () =>
    setup({
      types: { context: {} as { boiled: number }, events: {} as { type: 'on' } | { type: 'read' } },
      actors: { heat: fromPromise(async () => 'hot') },
    }).createMachine({
      context: { boiled: 0 },
      initial: 'idle',
      on: { read: { actions: reply(({ context }) => context.boiled) } },
      states: {
        idle: { on: { on: 'heating' } },
        heating: {
          invoke: {
            src: 'heat',
            onDone: { target: 'boiling', actions: assign({ boiled: ({ context }) => context.boiled + 1 }) },
          },
        },
        boiling: { after: { 10: 'idle' } },
      },
    }),
  { restore: { delays: 'remaining', invoked: 'restart' } }, // how it goes on after a crash
);

await using system = startSystem();
const ref = await system.spawn(kettle, { name: 'kettle' });
const now = await ref.ask({ type: 'on' });
console.log((now as { value: string }).value); // prints: heating
await new Promise((resolve) => setTimeout(resolve, 40));
console.log(await ref.ask({ type: 'read' })); // prints: 1
