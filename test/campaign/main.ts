/** `npm run sim`: runs simulated clusters under faults, seed by seed, and explains the first ones that fail. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BugName, bugs } from './bugs.ts';
import { runCampaign, seedsFrom } from './campaign.ts';
import { type Cost, costOf, describeCost, sizes } from './cost.ts';
import type { Job, Report } from './job.ts';
import { describeFault } from './plan.ts';

const usage = `npm run sim -- [options]
  --seeds N      so many seeds, from 1 on or from --seed (default 200)
  --seed S       this seed alone, or the first of --seeds
  --minutes M    seeds for so long, from one that the time gives
  --nodes N      members of each cluster, up to 1000 (default 5)
  --threads N    seeds at once (default: as many as processors)
  --bug NAME     with a bug planted, until a seed finds it: ${Object.keys(bugs).join(', ')}
  --cost         what membership costs per node, at ${sizes.join(', ')} nodes or at --nodes
  --out FOLDER   where timelines of failures go (default .test-results/sim)
  --json FILE    writes the results there
  --quiet        says only what fails, and the sum
`;

const MOST_NODES = 1_000;
const DEFAULT_NODES = '5';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    nodes: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    bug: { type: 'string' },
    cost: { type: 'boolean', default: false },
    out: { type: 'string', default: '.test-results/sim' },
    json: { type: 'string' },
    quiet: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(usage);
else process.exitCode = values.cost ? await cost() : await main();

async function main(): Promise<number> {
  const nodes = count('nodes', values.nodes ?? DEFAULT_NODES, MOST_NODES);
  const { bug } = values;
  if (bug !== undefined && !isBug(bug)) return misused(`there is no bug "${bug}"`);
  const began = performance.now();
  const reports: Report[] = [];
  const onReport = (report: Report) => {
    reports.push(report);
    tell(report);
    return bug === undefined || report.failure === undefined;
  };
  await runCampaign({ threads: count('threads', values.threads, 64), next: nextSeed({ nodes, bug }), onReport });
  const failed = reports.filter(({ failure }) => failure !== undefined);
  const ms = performance.now() - began;
  const messages = reports.reduce((sum, report) => sum + report.messages, 0);
  console.log(
    `${reports.length} seeds with ${nodes} nodes, ${messages} messages, in ${(ms / 1_000).toFixed(1)} s: ${failed.length} failed`,
  );
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ nodes, bug, ms, reports }, undefined, 2));
  return failed.length > 0 === (bug !== undefined) ? 0 : 1;
}

async function cost(): Promise<number> {
  const costs: Cost[] = [];
  for (const nodes of values.nodes === undefined ? sizes : [count('nodes', values.nodes, MOST_NODES)]) {
    costs.push(await costOf(nodes));
    for (const one of costs.slice(-1)) console.log(describeCost(one));
  }
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ costs }, undefined, 2));
  return 0;
}

function nextSeed(options: Omit<Job, 'seed'>): () => Job | undefined {
  if (values.minutes === undefined) {
    const isOne = values.seed !== undefined && values.seeds === undefined;
    const first = values.seed === undefined ? 1 : count('seed', values.seed, Number.MAX_SAFE_INTEGER);
    return seedsFrom(first, isOne ? 1 : count('seeds', values.seeds ?? '200', Number.MAX_SAFE_INTEGER), options);
  }
  const endsAt = performance.now() + Number(values.minutes) * 60_000;
  const more = seedsFrom(Date.now(), Number.MAX_SAFE_INTEGER, options);
  return () => (performance.now() < endsAt ? more() : undefined);
}

function tell({ seed, operations, messages, healedMs, failure }: Report): void {
  if (failure === undefined) {
    if (!values.quiet)
      console.log(`seed ${seed}: ${operations} operations, ${messages} messages, well after ${healedMs} ms`);
    return;
  }
  mkdirSync(values.out, { recursive: true });
  const file = join(values.out, `seed-${seed}`);
  writeFileSync(`${file}.txt`, failure.timeline);
  writeFileSync(`${file}.svg`, failure.picture);
  console.log(`seed ${seed} FAILED: ${failure.invariant}`);
  console.log(`  ${failure.what}`);
  console.log(`  with ${failure.faults.length} of its ${failure.faultsBefore} faults, found in ${failure.tries} runs:`);
  for (const fault of failure.faults) console.log(`    ${describeFault(fault)}`);
  const bug = values.bug === undefined ? '' : ` --bug "${values.bug}"`;
  console.log(
    `  ${file}.txt and .svg show it; to repeat it: npm run sim -- --seed ${seed} --nodes ${values.nodes ?? DEFAULT_NODES}${bug}`,
  );
}

function isBug(name: string): name is BugName {
  return Object.hasOwn(bugs, name);
}

function count(name: string, text: string, most: number): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0 && number <= most) return number;
  process.exit(misused(`--${name} is a whole number from 1 to ${most}, not ${text}`));
}

function misused(why: string): number {
  process.stderr.write(`${why}\n${usage}`);
  return 2;
}
