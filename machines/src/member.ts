import { setup } from 'xstate';

/**
 * A member as another node sees it: what silence and signs of life make of it. Pure decisions; the membership runs it
 * and acts. `down` is a proposal to the others: a sign of life takes it back while the view still holds the member.
 */
export const memberMachine = setup({
  types: { events: {} as { type: 'silent' } | { type: 'sign of life' } | { type: 'gone' } },
}).createMachine({
  id: 'member',
  initial: 'alive',
  states: {
    alive: { on: { silent: 'suspect', gone: 'down' } },
    suspect: { on: { 'sign of life': 'alive', gone: 'down' } },
    down: { on: { 'sign of life': 'alive' } },
  },
});
