import { setup } from 'xstate';

/** The life of a node in its cluster. A node that was removed while it lived joins again, as a new incarnation. */
export const nodeMachine = setup({
  types: {
    events: {} as { type: 'start' } | { type: 'joined' } | { type: 'removed' } | { type: 'leave' } | { type: 'left' },
  },
}).createMachine({
  id: 'node',
  initial: 'starting',
  states: {
    starting: { on: { start: 'joining' } },
    joining: { on: { joined: 'up', leave: 'leaving' } },
    up: { on: { removed: 'joining', leave: 'leaving' } },
    leaving: { on: { left: 'stopped' } },
    stopped: { type: 'final' },
  },
});
