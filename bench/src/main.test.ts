import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { reportSchema } from './harness/report.test-schema.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

const bench = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });

it('writes the report of a suite to a file, and the same as a table', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const file = join(folder, 'k.json');
    const { status, stdout, stderr } = bench('kernel', '--only', 'closing cycle', '--rounds', '1', '--json', file);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { suite, rows } = reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    expect([suite, ...rows.map(({ name }) => name)]).toEqual([
      'kernel',
      'a closing cycle of 2 to 100 actors until DeadlockError',
    ]);
    expect(stdout).toContain('a closing cycle of 2 to 100 actors until DeadlockError');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it.each([
  [
    'an unknown suite',
    ['sing'],
    'invalid_config: There is no suite "sing". There are "kernel", "fabric", "cluster", "resilience".',
  ],
  ['a folder as the file', ['kernel', '--json', '.'], 'invalid_config: --json: "." is no file.'],
  ['a file in no folder', ['kernel', '--json', 'no/k.json'], 'invalid_config: --json: "no/k.json" cannot be written.'],
])('refuses %s before it measures, with exit code 2', (_, args, message) => {
  const { status, stdout, stderr } = bench(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(message);
});
