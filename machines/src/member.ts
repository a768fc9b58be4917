import { setup } from 'xstate';

/**
 * A member as one of its watchers calls it. Trouble is told at once, its end only when the member has shown none for long
 * enough: so one that comes and goes is called troubled once, and not each time. Pure; the watcher measures the time.
 */
export const memberMachine = setup({
  types: { events: {} as { type: 'trouble' } | { type: 'calm' } | { type: 'steady' } },
}).createMachine({
  id: 'member',
  initial: 'alive',
  states: {
    alive: { on: { trouble: 'troubled' } },
    troubled: { on: { calm: 'recovering' } },
    recovering: { on: { trouble: 'troubled', steady: 'alive' } },
  },
});
