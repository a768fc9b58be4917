/** `npm run bench`: the project's claims about speed, each beside its peer in the same run. See harness/options.ts. */
import { access, constants, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidConfigError, JaegisError } from '@jaegis/core';
import { chart } from './harness/chart.ts';
import { readOptions } from './harness/options.ts';
import { page } from './harness/page.ts';
import type { Report } from './harness/report.ts';
import { reportTable } from './harness/report-table.ts';
import { runSuite } from './harness/run-suite.ts';
import { suites } from './suites.ts';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));

try {
  const { suite, json, only, rounds, size } = readOptions(process.argv.slice(2), suites);
  if (json !== undefined) await refuseUnwritable(json);
  const reports: Report[] = [];
  for (const one of suite ? [suite] : suites) {
    const onRow = (row: string) => process.stderr.isTTY && process.stderr.write(`${one.name}: ${row}\n`);
    const report = await runSuite(one, { rounds, only, size, onRow });
    process.stdout.write(`${reportTable(report)}\n`);
    reports.push(report);
    if (json !== undefined) await writeFile(json, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  const failed = reports.some(({ rows }) => rows.some(({ error }) => error !== undefined));
  if (failed) process.exitCode = 1;
  else if (!suite) await writeDocs(reports);
} catch (error) {
  if (!(error instanceof JaegisError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 2;
}

/** Before the minutes that a run takes. */
async function refuseUnwritable(file: string): Promise<void> {
  const known = await stat(file).catch(() => undefined);
  if (known && !known.isFile()) throw new InvalidConfigError(`--json: "${file}" is no file.`);
  try {
    await access(known ? file : dirname(file), constants.W_OK);
  } catch (cause) {
    throw new InvalidConfigError(`--json: "${file}" cannot be written.`, { cause });
  }
}

async function writeDocs(reports: readonly Report[]): Promise<void> {
  await mkdir(`${docs}benchmarks`, { recursive: true });
  for (const report of reports) await writeFile(`${docs}benchmarks/${report.suite}.svg`, chart(report));
  await writeFile(`${docs}benchmarks.md`, page(suites, reports));
}
