/**
 * A Simulation agent: one run, as a durable machine. Its context is the checkpoint; the end of each chunk is a turn.
 * When its node dies, the chunk under way begins again on another node from the last turn.
 */
import { announce, defineMachine, type EntityId, type Services, send } from 'jaegis';
import { assign, fromPromise, setup } from 'xstate';
import type { ChunkResult, MdState } from './dynamics.ts';
import { merge, type Observables } from './observables.ts';
import type { RunPlan, RunResult } from './run.ts';
import { chunkTask, prepareTask } from './tasks.ts';

interface Checkpoint {
  readonly name: string;
  readonly plan: RunPlan | undefined;
  readonly reportTo: EntityId;
  readonly state: MdState | undefined;
  readonly observables: Observables | undefined;
}

type Start = { type: 'start'; plan: RunPlan; reportTo: EntityId };

const blank: RunPlan = { temperature: 0, seed: 0, dt: 0, steps: 0, chunk: 0 };

function actors({ pool }: Services) {
  return {
    prepare: fromPromise(({ input, signal }: { input: RunPlan; signal: AbortSignal }) =>
      pool.run<MdState>(prepareTask, { temperature: input.temperature, seed: input.seed }, { signal }),
    ),
    chunk: fromPromise(({ input, signal }: { input: Checkpoint; signal: AbortSignal }) => {
      const { dt, chunk } = input.plan ?? blank;
      return pool.run<ChunkResult>(chunkTask, { state: input.state, dt, steps: chunk }, { signal });
    }),
  };
}

function withChunk(context: Checkpoint, { state, observables }: ChunkResult): Partial<Checkpoint> {
  return { state, observables: context.observables ? merge(context.observables, observables) : observables };
}

function resultOf({ name, plan, observables, state }: Checkpoint): RunResult {
  if (!plan || !observables || !state) throw new Error(`${name} has not run.`);
  return { name, plan, observables, positions: state.positions };
}

export const simulation = defineMachine('simulation', (services) =>
  setup({
    types: { context: {} as Checkpoint, events: {} as Start, input: {} as { key: string } },
    actors: actors(services),
    guards: { done: ({ context }) => (context.state?.step ?? 0) >= (context.plan?.steps ?? 0) },
  }).createMachine({
    context: ({ input }) => ({
      name: input.key,
      plan: undefined,
      reportTo: { type: 'campaign', key: 'main' },
      state: undefined,
      observables: undefined,
    }),
    initial: 'idle',
    states: {
      idle: {
        on: {
          start: {
            target: 'preparing',
            actions: assign({ plan: ({ event }) => event.plan, reportTo: ({ event }) => event.reportTo }),
          },
        },
      },
      preparing: {
        invoke: {
          id: 'prepare',
          src: 'prepare',
          input: ({ context }) => context.plan ?? blank,
          onDone: { target: 'running', actions: assign({ state: ({ event }) => event.output }) },
        },
      },
      running: {
        always: { guard: 'done', target: 'finished' },
        invoke: {
          id: 'chunk',
          src: 'chunk',
          input: ({ context }) => context,
          onDone: {
            target: 'running',
            reenter: true,
            actions: [
              assign(({ context, event }) => withChunk(context, event.output)),
              announce(({ context }) => ({ type: 'progress', run: context.name, step: context.state?.step ?? 0 })),
            ],
          },
        },
      },
      finished: {
        entry: send(({ context }) => ({
          to: context.reportTo,
          message: { type: 'finished', result: resultOf(context) },
        })),
      },
    },
  }),
);
