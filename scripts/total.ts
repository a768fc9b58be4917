/**
 * Prints `N passed, N failed` over all result files that the test runs left, as the last line of `.ci/run`. A file of
 * tests that could not be loaded, a run that failed without a failing test, and no run at all, count as one failure
 * each. Exits with 1 if anything failed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is read of the report of vitest's JSON reporter. */
export interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

export interface Totals {
  readonly passed: number;
  readonly failed: number;
}

export function totals(reports: readonly Report[]): Totals {
  const passed = reports.reduce((sum, report) => sum + report.numPassedTests, 0);
  const failed = reports.reduce((sum, report) => sum + failures(report), 0);
  return { passed, failed: reports.length === 0 ? 1 : failed };
}

function failures(report: Report): number {
  const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const counted = report.numFailedTests + unloaded.length;
  return counted === 0 && !report.success ? 1 : counted;
}

function readReports(folder: string): Report[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  // Vitest wrote them; a file of another form shows as NaN in the line.
  return names.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Report);
}

if (import.meta.main) {
  const { passed, failed } = totals(readReports(process.argv[2] ?? '.test-results'));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
