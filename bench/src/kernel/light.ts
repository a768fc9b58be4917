import { assign, createMachine } from 'xstate';

/** The machine that ours and bare XState both run: two states, a transition with an assignment in one of them. */
export const light = createMachine({
  types: {} as { context: { rounds: number }; events: { type: 'NEXT' } },
  id: 'light',
  context: { rounds: 0 },
  initial: 'green',
  states: {
    green: { on: { NEXT: { target: 'red', actions: assign({ rounds: ({ context }) => context.rounds + 1 }) } } },
    red: { on: { NEXT: { target: 'green' } } },
  },
});
