import { assign, setup } from 'xstate';

export type ConsensusAction = 'ask for pre-votes' | 'ask for votes' | 'take the term' | 'lead' | 'step down';

/**
 * A member's part in agreeing on a leader, after Raft (Ongaro 2014) with pre-votes. A term is taken by writing it to the
 * health log, where of two who try one is refused; votes keep members from trying while a leader lives. Pure decisions: the
 * actions are names, which the election of `@jaegis/cluster` carries out.
 */
export const consensusMachine = setup({
  types: {
    context: {} as {
      /** Tried, or led. */
      readonly term: number;
      /** The newest in the log, when it was tried. */
      readonly known: number;
      /** The newest that votes were asked for: who asks has voted for itself, so it is not to be had again. */
      readonly asked: number;
    },
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
    isAsKnown: ({ context, event }) => event.type === 'leader known' && event.term >= context.known,
    isNewerThanKnown: ({ context, event }) => event.type === 'leader known' && event.term > context.known,
    isNewer: ({ context, event }) => event.type === 'leader known' && event.term > context.term,
  },
}).createMachine({
  id: 'consensus',
  context: { term: 0, known: 0, asked: 0 },
  initial: 'follower',
  on: { out: '.follower' },
  states: {
    follower: {
      on: {
        'leader missed': {
          target: 'pre-candidate',
          actions: assign({
            term: ({ context, event }) => Math.max(event.term, context.asked) + 1,
            known: ({ event }) => event.term,
          }),
        },
      },
    },
    'pre-candidate': {
      entry: 'ask for pre-votes',
      on: {
        'votes won': 'candidate',
        'votes lost': 'follower',
        // The leader that was missed is there after all.
        'leader known': { target: 'follower', guard: 'isAsKnown' },
      },
    },
    candidate: {
      entry: ['ask for votes', assign({ asked: ({ context }) => context.term })],
      on: {
        'votes won': 'claimant',
        'votes lost': 'follower',
        'leader known': { target: 'follower', guard: 'isNewerThanKnown' },
      },
    },
    claimant: {
      entry: 'take the term',
      on: {
        'term taken': 'leader',
        fenced: 'follower',
        'not written': 'follower',
        'leader known': { target: 'follower', guard: 'isNewerThanKnown' },
      },
    },
    leader: {
      entry: 'lead',
      exit: 'step down',
      on: { fenced: 'follower', 'leader known': { target: 'follower', guard: 'isNewer' } },
    },
  },
});
