import { expect, it } from 'vitest';
import { makeReport, renderReport } from './report.ts';

const science = {
  reference: [],
  convergence: { steps: [0.004, 0.002, 0.001], errors: [16, 4, 1], ratios: [4, 4], passed: true },
  passed: true,
};
const run = {
  name: 'T1.00',
  potential: -380,
  temperature: 1,
  pressure: 0.04,
  drift: 1e-5,
  bound: 2e-5,
  shadowDrift: 1e-7,
  passed: true,
};
const recovery = {
  victim: 'n1',
  moved: ['T1.00'],
  noticedMs: 200,
  resumedMs: 300,
  unheard: [] as string[],
  advancedMs: 400,
};
const facts = {
  digest: 'abc',
  seed: 1,
  nodes: 3,
  servers: 3,
  steps: 1_000,
  kills: 1,
  seconds: 1,
  validation: { science, runs: [run], passed: true },
  recoveries: [
    { victim: 'n1', moved: ['T1.00'], noticedMs: 200, resumedMs: 300, unheard: [] as string[], advancedMs: 400 },
  ],
  stepsRedoneAtMost: 500,
  audit: { turns: 9, sent: 3, lost: [] as string[], twice: [] as string[], gaps: [] as string[] },
};

it('passes when all holds', () => {
  expect(makeReport(facts).passed).toBe(true);
});

it.each([
  ['what was resumed in how long', {}, 'in under 2000 ms: 300 ms'],
  [
    'a bound where a beginning was not heard',
    { recoveries: [{ ...recovery, unheard: ['T1.00'] }] },
    'in under 2000 ms: at most 300 ms, by the new work of T1.00',
  ],
  [
    'that nothing had to be resumed',
    { recoveries: [{ ...recovery, moved: [], resumedMs: undefined, advancedMs: undefined }] },
    'in under 2000 ms: nothing had to be: what it ran was finished',
  ],
  ['that no node was left to kill', { kills: 3 }, 'killed 1 of 3: then no node had an unfinished run any more'],
])('says %s', (_what, change, text) => {
  const report = makeReport({ ...facts, ...change });
  expect(report.passed).toBe(true);
  expect(renderReport(report)).toContain(text);
});

it.each([
  ['a lost message', { audit: { ...facts.audit, lost: ['a#1'] } }, 'durable messages lost'],
  ['a message applied twice', { audit: { ...facts.audit, twice: ['a#1'] } }, 'applied twice'],
  ['a missing turn', { audit: { ...facts.audit, gaps: ['a: 2'] } }, 'turns missing'],
  ['a run above its bound', { validation: { science, runs: [{ ...run, passed: false }], passed: false } }, 'drift'],
  [
    'a slow recovery',
    { recoveries: [{ victim: 'n1', moved: [], noticedMs: 0, resumedMs: 2_000, unheard: [], advancedMs: 0 }] },
    'n1',
  ],
  [
    'an error that does not shrink',
    {
      validation: {
        science: { ...science, convergence: { ...science.convergence, ratios: [2, 2], passed: false } },
        runs: [run],
        passed: false,
      },
    },
    'dt²',
  ],
])('fails on %s, and says so', (_what, change, named) => {
  const report = makeReport({ ...facts, ...change });
  expect(report.passed).toBe(false);
  expect(report.checks.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual([
    expect.stringContaining(named),
  ]);
  expect(renderReport(report)).toMatch(/^FAILED .*/m);
});
