/** The Campaign module: plans the runs, starts each agent once, collects what they report and has it validated. */
import { announce, defineMachine, formatEntityId, reply, type Services, send } from 'jaegis';
import { assign, enqueueActions, setup } from 'xstate';
import { type CampaignPlan, planRuns, type RunResult } from './run.ts';
import { simulation } from './simulation.ts';
import { type Validation, validator } from './validator.ts';

interface Context {
  readonly key: string;
  readonly plan: CampaignPlan;
  readonly results: readonly RunResult[];
  readonly validation: Validation | undefined;
}

type Event =
  | { type: 'start'; plan: CampaignPlan }
  | { type: 'finished'; result: RunResult }
  | { type: 'validated'; validation: Validation }
  | { type: 'report' };

/** What the campaign says when it is asked. */
export interface CampaignReport {
  readonly plan: CampaignPlan;
  readonly results: readonly RunResult[];
  readonly validation: Validation | undefined;
}

const noPlan: CampaignPlan = { temperatures: [], seed: 0, dt: 0, steps: 0, chunk: 0 };

function make(services: Services) {
  const self = (key: string) => ({ type: 'campaign', key });
  return setup({
    types: { context: {} as Context, events: {} as Event, input: {} as { key: string } },
    guards: { all: ({ context }) => context.results.length === context.plan.temperatures.length },
  }).createMachine({
    context: ({ input }) => ({ key: input.key, plan: noPlan, results: [], validation: undefined }),
    initial: 'idle',
    on: { report: { actions: reply(({ context }): CampaignReport => context) } },
    states: {
      idle: { on: { start: { target: 'running', actions: assign({ plan: ({ event }) => event.plan }) } } },
      running: {
        entry: enqueueActions(({ context, enqueue }) => {
          for (const { name, plan } of planRuns(context.plan)) {
            const to = services.entity(simulation, name);
            enqueue(send(() => ({ to, message: { type: 'start', plan, reportTo: self(context.key) } })));
          }
        }),
        on: {
          finished: {
            actions: [
              assign({ results: ({ context, event }) => [...context.results, event.result] }),
              announce(({ event }) => ({ type: 'run_finished', run: event.result.name })),
            ],
          },
        },
        always: { guard: 'all', target: 'validating' },
      },
      validating: {
        entry: send(({ context }) => ({
          to: services.entity(validator, context.key),
          message: { type: 'validate', plan: context.plan, results: context.results, reportTo: self(context.key) },
        })),
        on: {
          validated: { target: 'completed', actions: assign({ validation: ({ event }) => event.validation }) },
        },
      },
      completed: {
        entry: announce(({ context }) => ({ type: 'campaign_completed', campaign: formatEntityId(self(context.key)) })),
      },
    },
  });
}

export const campaign = defineMachine('campaign', make);
