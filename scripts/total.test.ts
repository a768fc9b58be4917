import { expect, test } from 'vitest';
import { type Report, totals } from './total.ts';

const report = (passed: number, failed: number, more: Partial<Report> = {}): Report => ({
  success: failed === 0,
  numPassedTests: passed,
  numFailedTests: failed,
  testResults: [],
  ...more,
});

test('the totals are the sums over all runs', () => {
  expect(totals([report(3, 0), report(10, 2)])).toEqual({ passed: 13, failed: 2 });
});

test('a file that could not be loaded is a failure', () => {
  const unloaded = { status: 'failed', assertionResults: [] };
  expect(totals([report(3, 1, { testResults: [unloaded] })])).toEqual({ passed: 3, failed: 2 });
});

test('a run that failed without a failing test is a failure', () => {
  expect(totals([report(3, 0, { success: false })])).toEqual({ passed: 3, failed: 1 });
});

test('no run at all is a failure', () => {
  expect(totals([])).toEqual({ passed: 0, failed: 1 });
});
