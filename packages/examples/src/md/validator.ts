/** The Validator: whether the potential is the one that NIST published, the integrator of second order, each run steady. */
import { defineActor, type EntityId } from 'jaegis';
import { type DriftVerdict, judgeDrift } from './drift-bound.ts';
import type { Science } from './kernel.ts';
import { type Means, means } from './observables.ts';
import type { CampaignPlan, RunResult } from './run.ts';
import { scienceTask } from './tasks.ts';

export interface RunVerdict extends DriftVerdict, Means {
  readonly name: string;
}

export interface Validation {
  readonly science: Science;
  readonly runs: readonly RunVerdict[];
  readonly passed: boolean;
}

interface Validate {
  readonly plan: CampaignPlan;
  readonly results: readonly RunResult[];
  readonly reportTo: EntityId;
}

export const validator = defineActor('validator', {
  state: () => ({ validated: 0 }),
  on: {
    validate: async (state, { plan, results, reportTo }: Validate, context) => {
      const task = { temperature: plan.temperatures[0] ?? 1, seed: plan.seed, dt: plan.dt };
      const science = await context.pool.run<Science>(scienceTask, task, { signal: context.signal });
      const runs = results.map(judge);
      const validation: Validation = { science, runs, passed: science.passed && runs.every(({ passed }) => passed) };
      const verdict = { type: 'validated', validation };
      context.send({ entity: reportTo }, verdict);
      return { state: { validated: state.validated + 1 } };
    },
  },
});

function judge({ name, plan, observables, positions }: RunResult): RunVerdict {
  const { dt, steps, temperature } = plan;
  const run = { particles: positions.length / 3, dt, steps, temperature };
  return { name, ...means(observables), ...judgeDrift(observables, run) };
}
