import { assign, setup } from 'xstate';

export type ConsensusAction = 'ask for pre-votes' | 'ask for votes' | 'take the term' | 'lead' | 'step down';

/**
 * A member's part in agreeing on a leader, after Raft (Ongaro 2014) with pre-votes. A term is taken by writing it to the
 * health log, where of two who try one is refused; votes keep members from trying while a leader lives. Pure decisions: the
 * actions are names, which the election of `@jaegis/cluster` carries out.
 */
export const consensusMachine = setup({
  types: {
    context: {} as { readonly term: number },
    events: {} as
      /** No sign of a leader for too long. `term`: the newest that is known. */
        | { type: 'leader missed'; term: number }
        | { type: 'votes won' }
        | { type: 'votes lost' }
        | { type: 'term taken' }
        /** The log refused it: somebody else wrote. */
        | { type: 'fenced' }
        /** It cannot be written for now. */
        | { type: 'not written' }
        /** Another member leads. */
        | { type: 'leader known'; term: number }
        /** It is no member any more. */
        | { type: 'out' },
  },
  actions: {
    'ask for pre-votes': () => {},
    'ask for votes': () => {},
    'take the term': () => {},
    lead: () => {},
    'step down': () => {},
  },
  guards: {
    isAsNew: ({ context, event }) => event.type === 'leader known' && event.term >= context.term,
    isNewer: ({ context, event }) => event.type === 'leader known' && event.term > context.term,
    isNewerThanKnown: ({ context, event }) => event.type === 'leader known' && event.term >= context.term - 1,
  },
}).createMachine({
  id: 'consensus',
  context: { term: 0 },
  initial: 'follower',
  on: { out: '.follower' },
  states: {
    follower: {
      on: {
        'leader missed': { target: 'pre-candidate', actions: assign({ term: ({ event }) => event.term + 1 }) },
      },
    },
    'pre-candidate': {
      entry: 'ask for pre-votes',
      on: {
        'votes won': 'candidate',
        'votes lost': 'follower',
        // The leader that was missed is there after all.
        'leader known': { target: 'follower', guard: 'isNewerThanKnown' },
      },
    },
    candidate: {
      entry: 'ask for votes',
      on: {
        'votes won': 'claimant',
        'votes lost': 'follower',
        'leader known': { target: 'follower', guard: 'isAsNew' },
      },
    },
    claimant: {
      entry: 'take the term',
      on: {
        'term taken': 'leader',
        fenced: 'follower',
        'not written': 'follower',
        'leader known': { target: 'follower', guard: 'isAsNew' },
      },
    },
    leader: {
      entry: 'lead',
      exit: 'step down',
      on: { fenced: 'follower', 'leader known': { target: 'follower', guard: 'isNewer' } },
    },
  },
});
