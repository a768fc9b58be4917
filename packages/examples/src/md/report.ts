import type { Audit } from './audit.ts';
import type { Recovery } from './incidents.ts';
import type { Validation } from './validator.ts';

/** How soon the work of a killed node must go on elsewhere, in ms. */
export const RESUME_WITHIN_MS = 2_000;

export interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly found: string;
}

export interface Report {
  readonly digest: string;
  readonly seed: number;
  readonly nodes: number;
  readonly servers: number;
  readonly steps: number;
  /** How many nodes were to be killed; fewer are where no node has an unfinished run any more. */
  readonly kills: number;
  readonly seconds: number;
  readonly validation: Validation;
  readonly recoveries: readonly Recovery[];
  /** A chunk under way when its node is killed is done again: at most this many steps for all kills together. */
  readonly stepsRedoneAtMost: number;
  readonly audit: Audit;
  readonly checks: readonly Check[];
  readonly passed: boolean;
}

type Facts = Omit<Report, 'checks' | 'passed'>;

/** Judges the facts. Pure. */
export function makeReport(facts: Facts): Report {
  const checks = [...scienceChecks(facts.validation), ...durabilityChecks(facts.audit), ...recoveryChecks(facts)];
  return { ...facts, checks, passed: checks.every(({ passed }) => passed) };
}

function scienceChecks({ science, runs }: Validation): Check[] {
  const wrong = science.reference.filter(({ passed }) => !passed);
  const drifting = runs.filter(({ passed }) => !passed).map(({ name }) => name);
  const { ratios, passed } = science.convergence;
  return [
    {
      name: "NIST's reference energies",
      passed: wrong.length === 0,
      found: `${science.reference.length - wrong.length} of ${science.reference.length} agree`,
    },
    {
      name: 'energy error shrinks as dt²',
      passed,
      found: `by ${ratios.map((ratio) => ratio.toFixed(2)).join(' and ')} with each halving`,
    },
    {
      name: 'energy drift below its bound',
      passed: drifting.length === 0,
      found: drifting.length === 0 ? `all ${runs.length} runs` : `above it: ${drifting.join(', ')}`,
    },
  ];
}

function durabilityChecks({ sent, lost, twice, gaps }: Audit): Check[] {
  return [
    { name: 'durable messages lost', passed: lost.length === 0, found: `${lost.length} of ${sent}` },
    { name: 'durable messages applied twice', passed: twice.length === 0, found: `${twice.length} of ${sent}` },
    { name: 'turns missing', passed: gaps.length === 0, found: gaps[0] ?? '0' },
  ];
}

function recoveryChecks({ recoveries }: Facts): Check[] {
  return recoveries.map((recovery) => ({
    name: `resumed after the kill of ${recovery.victim} in under ${RESUME_WITHIN_MS} ms`,
    passed: (recovery.resumedMs ?? 0) < RESUME_WITHIN_MS,
    found: resumed(recovery),
  }));
}

function resumed({ resumedMs, unheard }: Recovery): string {
  if (resumedMs === undefined) return 'nothing had to be: what it ran was finished';
  return unheard.length === 0 ? ms(resumedMs) : `at most ${ms(resumedMs)}, by the new work of ${unheard.join(' ')}`;
}

/** The report as a person reads it. */
export function renderReport(report: Report): string {
  const runs = report.validation.runs.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const rows = runs.map(({ name, potential, pressure, drift, bound }) => [
    name,
    potential.toFixed(2),
    pressure.toFixed(5),
    drift.toExponential(2),
    bound.toExponential(2),
  ]);
  const incidents = report.recoveries.map(({ victim, moved, noticedMs, resumedMs, unheard, advancedMs }) => [
    victim,
    moved.join(' '),
    ms(noticedMs),
    unheard.length === 0 ? ms(resumedMs) : `<= ${ms(resumedMs)}`,
    ms(advancedMs),
  ]);
  const { kills, recoveries } = report;
  const spared = `killed ${recoveries.length} of ${kills}: then no node had an unfinished run any more`;
  return [
    table(['start T', 'mean U', 'pressure', 'drift', 'its bound'], rows),
    ...(incidents.length === 0 ? [] : [table(['killed', 'moved', 'noticed', 'resumed', 'new work'], incidents)]),
    ...(recoveries.length < kills ? [spared] : []),
    `steps redone: at most ${report.stepsRedoneAtMost} of ${report.steps * report.validation.runs.length}`,
    ...report.checks.map(({ name, passed, found }) => `${passed ? 'ok    ' : 'FAILED'}  ${name}: ${found}`),
    `digest of all final positions: ${report.digest}`,
  ].join('\n');
}

function ms(value: number | undefined): string {
  if (value === undefined) return 'no need';
  return Number.isFinite(value) ? `${Math.round(value)} ms` : 'not heard';
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `  ${row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')}`;
  return `${[head, ...rows].map(line).join('\n')}\n`;
}
