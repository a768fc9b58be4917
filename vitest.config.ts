/**
 * The kinds of tests, in the order they run. Unit tests share the machine; those that start threads, processes or
 * servers have it to themselves, one file at a time, because small machines lie about time when they are full. Those of
 * contracts and commands mostly wait, and bear it that two files run at once.
 */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// The hundreds of processes that tests start need not strip and compile the same sources each time.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/node-compile-cache');

interface Kind {
  readonly name: string;
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
  /** From 1: vitest runs files of order 0 last where it has one worker only. */
  readonly order: number;
  readonly alone?: boolean;
  readonly timeoutMs: number;
}

const commands = ['backup', 'command-line', 'dev', 'doctor', 'examples', 'inbox', 'package', 'wrong-cluster'].map(
  (name) => `test/integration/${name}.test.ts`,
);

const kinds: readonly Kind[] = [
  { name: 'tidy', include: ['test/tidy/**/*.test.ts'], order: 1, timeoutMs: 60_000 },
  { name: 'unit', include: ['**/src/**/*.test.ts', '{bench,scripts}/**/*.test.ts'], order: 1, timeoutMs: 20_000 },
  { name: 'types', include: ['test/types/**/*.test.ts'], order: 1, timeoutMs: 20_000 },
  { name: 'conformance', include: ['test/conformance/**/*.test.ts'], order: 1, timeoutMs: 60_000 },
  { name: 'sim', include: ['test/sim/**/*.test.ts'], order: 1, timeoutMs: 60_000 },
  { name: 'campaign', include: ['test/campaign/**/*.test.ts'], order: 2, alone: true, timeoutMs: 180_000 },
  { name: 'contract', include: ['test/contract/**/*.test.ts'], order: 3, timeoutMs: 60_000 },
  { name: 'commands', include: commands, order: 4, timeoutMs: 180_000 },
  {
    name: 'integration',
    include: ['test/integration/**/*.test.ts'],
    exclude: commands,
    order: 5,
    alone: true,
    timeoutMs: 180_000,
  },
  { name: 'faults', include: ['test/faults/**/*.test.ts'], order: 6, alone: true, timeoutMs: 600_000 },
  { name: 'e2e', include: ['test/e2e/**/*.test.ts'], order: 7, alone: true, timeoutMs: 300_000 },
];

const project = ({ name, include, exclude = [], order, alone = false, timeoutMs }: Kind) => ({
  test: {
    name,
    include: [...include],
    exclude: ['**/node_modules/**', '**/dist/**', ...exclude],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    maxWorkers: alone ? 1 : '100%',
    sequence: { groupOrder: order },
  },
});

export default defineConfig({ test: { projects: kinds.map(project) } });
