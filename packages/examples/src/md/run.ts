import type { Observables } from './observables.ts';

/** What one run of the campaign is to do. */
export interface RunPlan {
  readonly temperature: number;
  readonly seed: number;
  readonly dt: number;
  readonly steps: number;
  /** Steps between two checkpoints: part of the run's definition, for the list of neighbours begins anew with each. */
  readonly chunk: number;
}

/** What a finished run reports. */
export interface RunResult {
  readonly name: string;
  readonly plan: RunPlan;
  readonly observables: Observables;
  /** At the last step. */
  readonly positions: Float64Array;
}

/** What the whole campaign is to do. */
export interface CampaignPlan {
  readonly temperatures: readonly number[];
  readonly seed: number;
  readonly dt: number;
  readonly steps: number;
  readonly chunk: number;
}

/** The runs of a campaign, named and seeded one by one. */
export function planRuns(plan: CampaignPlan): { readonly name: string; readonly plan: RunPlan }[] {
  const { dt, steps, chunk } = plan;
  return plan.temperatures.map((temperature, index) => ({
    name: `T${temperature.toFixed(2)}`,
    plan: { temperature, seed: plan.seed * 1_000 + index, dt, steps, chunk },
  }));
}
