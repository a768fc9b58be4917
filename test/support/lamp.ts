/** A durable XState machine that has all which goes on after a move: entry actions, a delay, and a promise under way. */
import { type DelayPolicy, defineActor, defineMachine, type RestoreOptions, send } from 'jaegis';
import { assign, fromPromise, setup } from 'xstate';

export interface LampWorld {
  /** Ms since 1970. */
  readonly now: () => number;
  readonly delayMs: number;
  /** Begun when a lamp is lit. */
  readonly work: () => Promise<string>;
}

export interface Lit {
  readonly key: string;
  /** How often it was entered, and how often anything else has touched it. */
  readonly entered: number;
  readonly touched: number;
  readonly darkAt: number;
  /** What came of its work, or the code of the error. */
  readonly worked: string;
}

/** Counts, by key, how many lamps were lit, as they tell it by durable messages. */
export const tally = defineActor('tally', {
  state: () => 0,
  on: { lit: (count) => ({ state: count + 1 }), read: (count) => ({ reply: count }) },
});

export const policies = ['deadline', 'remaining', 'anew'] as const satisfies DelayPolicy[];
export const invocations = ['restart', 'interrupted'] as const satisfies RestoreOptions['invoked'][];

export function lamp(delays: DelayPolicy, invoked: NonNullable<RestoreOptions['invoked']>, world: LampWorld) {
  const made = setup({
    types: {
      context: {} as Lit,
      events: {} as { type: 'light'; key: string } | { type: 'touch' } | { type: 'look' },
    },
    actors: { work: fromPromise(() => world.work()) },
    delays: { soon: world.delayMs },
  }).createMachine({
    context: { key: '', entered: 0, touched: 0, darkAt: 0, worked: '' },
    initial: 'dark',
    on: { touch: { actions: assign({ touched: ({ context }) => context.touched + 1 }) }, look: {} },
    states: {
      dark: { on: { light: { target: 'lit', actions: assign({ key: ({ event }) => event.key }) } } },
      lit: {
        entry: [
          assign({ entered: ({ context }) => context.entered + 1 }),
          send(({ context }) => ({ to: { type: 'tally', key: context.key }, message: { type: 'lit' } })),
        ],
        invoke: {
          src: 'work',
          onDone: { actions: assign({ worked: ({ event }) => event.output }) },
          onError: { actions: assign({ worked: ({ event }) => (event.error as { code: string }).code }) }, // ours
        },
        after: { soon: 'out' },
      },
      out: { entry: assign({ darkAt: () => world.now() }) },
    },
  });
  return defineMachine(`lamp-${delays}-${invoked}`, () => made, { restore: { delays, invoked } });
}

export const lamps = (world: LampWorld) =>
  policies.flatMap((delays) => invocations.map((invoked) => lamp(delays, invoked, world)));
