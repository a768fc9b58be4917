/** One seed: run, and where it fails, with as few of its faults as fail in the same way. Plain data in and out, for threads. */
import { type BugName, bugs } from './bugs.ts';
import { lanes } from './lanes.ts';
import { type Fault, makePlan, type Plan, type PlanOptions } from './plan.ts';
import { type Outcome, run } from './run.ts';
import { shrink } from './shrink.ts';
import { timeline } from './timeline.ts';

export interface Job extends PlanOptions {
  readonly bug?: BugName | undefined;
}

export interface Report {
  readonly seed: number;
  readonly digest: number;
  readonly operations: number;
  readonly messages: number;
  readonly healedMs: number;
  readonly failure: Failure | undefined;
}

export interface Failure {
  readonly invariant: string;
  readonly what: string;
  /** Those of the plan's faults that are needed. */
  readonly faults: readonly Fault[];
  readonly faultsBefore: number;
  /** Runs that it took to find that out. */
  readonly tries: number;
  readonly timeline: string;
  /** SVG. */
  readonly picture: string;
}

const MOST_TRIES = 60;

export async function perform({ bug, ...options }: Job): Promise<Report> {
  const planted = bug === undefined ? undefined : bugs[bug];
  const plan = makePlan({ ...options, ...(planted ? { kinds: planted.kinds } : {}) });
  const chosen = planted?.bug;
  const outcome = await run(plan, chosen);
  const { digest, operations, messages, healedMs } = outcome;
  const failure = outcome.violation && (await explain(plan, outcome, (part) => run(part, chosen)));
  return { seed: plan.seed, digest, operations, messages, healedMs, failure };
}

async function explain(plan: Plan, first: Outcome, again: (plan: Plan) => Promise<Outcome>): Promise<Failure> {
  let least = first;
  const fails = async (faults: readonly Fault[]) => {
    const outcome = await again({ ...plan, faults });
    const isSame = outcome.violation?.invariant === first.violation?.invariant;
    if (isSame) least = outcome;
    return isSame;
  };
  const { tries } = await shrink(plan.faults, fails, MOST_TRIES);
  return {
    invariant: least.violation?.invariant ?? '',
    what: least.violation?.what ?? '',
    faults: least.plan.faults,
    faultsBefore: plan.faults.length,
    tries,
    timeline: timeline(least),
    picture: lanes(least),
  };
}
