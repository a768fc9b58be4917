/** A whole cluster under faults, on a virtual clock: many seeds, each another plan of faults. `npm run sim` runs more. */
import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { type BugName, bugs } from './bugs.ts';
import { runCampaign, seedsFrom } from './campaign.ts';
import type { Report } from './job.ts';
import { makePlan } from './plan.ts';
import { run } from './run.ts';

const threads = Math.min(2, availableParallelism());
/** A shorter time for faults than `npm run sim` gives. */
const safetyMs = 15_000;
const seeds = 40;
/** So many seeds a planted bug may take. */
const mostSeeds = 40;

async function campaign(first: number, count: number, bug?: BugName): Promise<Report[]> {
  const reports: Report[] = [];
  const next = seedsFrom(first, count, { nodes: 5, safetyMs, bug });
  const onReport = (report: Report) => {
    reports.push(report);
    return bug === undefined || report.failure === undefined;
  };
  await runCampaign({ threads, next, onReport });
  return reports;
}

describe('a campaign', () => {
  it(`finds nothing in ${seeds} seeds`, async () => {
    const reports = await campaign(1, seeds);
    expect(reports).toHaveLength(seeds);
    expect(
      reports.filter(({ failure }) => failure !== undefined).map(({ seed, failure }) => ({ seed, ...failure })),
    ).toEqual([]);
  });

  it('gives the same run for the same seed', async () => {
    const plan = makePlan({ seed: 7, nodes: 5, safetyMs });
    const outcomes = [await run(plan), await run(plan)];
    const [first, second] = outcomes.map(({ digest, operations, messages, chronicle }) => {
      return { digest, operations, messages, events: chronicle.events };
    });
    expect(first?.operations).toBeGreaterThan(0);
    expect(second).toEqual(first);
  });

  it.each(Object.keys(bugs) as BugName[])(
    `finds the bug "%s" in ${mostSeeds} seeds, with the faults it needs`,
    async (bug) => {
      const reports = await campaign(1, mostSeeds, bug);
      const failure = reports.find((report) => report.failure !== undefined)?.failure;
      expect(failure).toBeDefined();
      expect(failure?.faults.length).toBeLessThanOrEqual(failure?.faultsBefore ?? 0);
      expect(failure?.timeline).toContain(failure?.what);
    },
  );
});
