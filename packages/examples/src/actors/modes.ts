import { defineActor, postpone, startSystem, timeout } from 'jaegis';

// As a state machine of OTP: what comes in the wrong mode is put aside and comes back when the mode changes.
const lock = defineActor('lock', {
  state: () => ({ mode: 'locked' }),
  mode: (state) => state.mode,
  enter: (state) => {
    console.log(state.mode);
    return state.mode === 'open' ? { actions: [timeout('mode', 20, { type: 'close' })] } : undefined;
  },
  on: {
    pass: (state, message: { who: string }) =>
      state.mode === 'open' ? { reply: `${message.who} is in` } : { actions: [postpone()] },
    unlock: () => ({ state: { mode: 'open' } }),
    close: () => ({ state: { mode: 'locked' } }),
  },
});

await using system = startSystem();
const ref = await system.spawn(lock, { name: 'lock' }); // prints: locked
const ann = ref.ask({ type: 'pass', who: 'ann' });
ref.tell({ type: 'unlock' }); // prints: open
console.log(await ann); // prints: ann is in
await new Promise((resolve) => setTimeout(resolve, 60)); // prints: locked
