import { and, assign, setup } from 'xstate';

/** The states of a circuit breaker. */
export type BreakerStateValue = 'closed' | 'open' | 'half_open' | 'forced_open' | 'forced_closed' | 'disabled';

/**
 * A circuit breaker (Nygard, Release It!, 2007; the forced states are those of resilience4j). This is the specification:
 * the breaker of `@jaegis/resilience` decides the same without the machine, since it stands before every call, and a
 * property test holds the two together. Whoever runs it counts the window and measures the time; results of calls bear
 * the epoch in which the call began, and are nothing to any other.
 */
export const breakerMachine = setup({
  types: {
    input: {} as { readonly most: number; readonly needed: number },
    context: {} as {
      /** Counts the states that were entered: what began in an earlier one does not change a later one. */
      readonly epoch: number;
      /** Probes under way. */
      readonly probes: number;
      /** Probes in a row that went well. */
      readonly successes: number;
      /** Probes at once. */
      readonly most: number;
      /** Successes that close it. */
      readonly needed: number;
    },
    events: {} as
      /** A threshold is reached, or somebody knows better that it should be open. */
        | { type: 'tripped' }
        /** It was open for long enough, and there is a call. */
        | { type: 'waited' }
        | { type: 'probe begun' }
        | { type: 'probe succeeded'; epoch: number }
        | { type: 'probe failed'; epoch: number }
        /** It ended with an error that says nothing of what is guarded. */
        | { type: 'probe ignored'; epoch: number }
        /** All places are taken, and have been for too long. */
        | { type: 'probes overdue' }
        /** Others have found that it works again. */
        | { type: 'recovered' }
        | { type: 'force open' }
        | { type: 'force closed' }
        | { type: 'disable' }
        | { type: 'reset' }
        | { type: 'tuned'; most: number; needed: number },
  },
  actions: {
    'begin an epoch': assign({ epoch: ({ context }) => context.epoch + 1, probes: 0, successes: 0 }),
    'take a place': assign({ probes: ({ context }) => context.probes + 1 }),
    'leave the place': assign({ probes: ({ context }) => context.probes - 1 }),
    'count a success': assign({ successes: ({ context }) => context.successes + 1 }),
    'take the limits': assign(({ context, event }) =>
      event.type === 'tuned' ? { ...context, most: event.most, needed: event.needed } : context,
    ),
  },
  guards: {
    hasPlace: ({ context }) => context.probes < context.most,
    isFull: ({ context }) => context.probes >= context.most,
    isOfThisEpoch: ({ context, event }) => 'epoch' in event && event.epoch === context.epoch,
    isEnough: ({ context }) => context.successes + 1 >= context.needed,
  },
}).createMachine({
  id: 'breaker',
  context: ({ input }) => ({ epoch: 0, probes: 0, successes: 0, most: input.most, needed: input.needed }),
  initial: 'closed',
  on: {
    'force open': '.forced_open',
    'force closed': '.forced_closed',
    disable: '.disabled',
    // Also where it is closed: the window begins anew.
    reset: '.closed',
    tuned: { actions: 'take the limits' },
  },
  states: {
    closed: { entry: 'begin an epoch', on: { tripped: 'open' } },
    open: { entry: 'begin an epoch', on: { waited: 'half_open', recovered: 'closed' } },
    half_open: {
      entry: 'begin an epoch',
      on: {
        'probe begun': { guard: 'hasPlace', actions: 'take a place' },
        'probe succeeded': [
          { guard: and(['isOfThisEpoch', 'isEnough']), target: 'closed' },
          { guard: 'isOfThisEpoch', actions: ['leave the place', 'count a success'] },
        ],
        'probe failed': { guard: 'isOfThisEpoch', target: 'open' },
        'probe ignored': { guard: 'isOfThisEpoch', actions: 'leave the place' },
        'probes overdue': { guard: 'isFull', target: 'open' },
        tripped: 'open',
        recovered: 'closed',
      },
    },
    // Asked for again, each of these goes on as it is.
    forced_open: { entry: 'begin an epoch', on: { 'force open': {} } },
    forced_closed: { entry: 'begin an epoch', on: { 'force closed': {} } },
    disabled: { entry: 'begin an epoch', on: { disable: {} } },
  },
});
