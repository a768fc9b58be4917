import { expect, test } from 'vitest';
import { ambientUses, type Finding } from './ambient-rules.ts';
import { source, sources } from './sources.ts';

interface Exemption {
  /** A file, or a folder with `/` at its end. */
  readonly path: string;
  readonly reason: string;
}

const exemptions: readonly Exemption[] = [
  { path: 'packages/node/', reason: 'It is the world: the real clock, randomness, process and log.' },
  { path: 'packages/cli/', reason: 'The command is the outermost edge: it starts with process and prints.' },
  { path: 'packages/examples/', reason: 'Programs as users write them.' },
  { path: 'bench/', reason: 'Benchmarks measure real time and print.' },
  { path: 'scripts/', reason: 'Run by hand or by CI, never by the runtime.' },
  { path: 'packages/nats/src/server/http.ts', reason: 'Fetches the release and asks servers whether they are ready.' },
  { path: 'packages/nats/src/server/free-ports.ts', reason: 'Only a socket can tell which port is free.' },
  { path: 'packages/nats/src/heart/heart-thread.ts', reason: 'A thread of its own; nobody could hand it a port.' },
  { path: 'packages/nats/src/heart/shared-load.ts', reason: 'Two threads read one clock, which no port of one is.' },
  { path: 'packages/pool/src/worker.ts', reason: 'In the threads of pools, whose tasks no simulation runs.' },
  { path: 'packages/nats/src/server/guard.ts', reason: 'A process of its own that outlives the one that started it.' },
];

const isExempt = ({ path }: { path: string }) =>
  exemptions.some((exempt) => (exempt.path.endsWith('/') ? path.startsWith(exempt.path) : path === exempt.path));

const describe = ({ path, line, name, instead }: Finding) =>
  `${path}:${line}: ${name} is the ambient world. Instead ${instead} as a parameter; the real ones are in packages/node.`;

test('outside packages/node the world is reached only through ports', () => {
  const bound = sources.filter((file) => !file.isTest && !isExempt(file));
  expect(bound.flatMap(ambientUses).map(describe)).toEqual([]);
});

test.each(exemptions.filter(({ path }) => path.endsWith('.ts')))(
  'the exemption of $path is still needed',
  ({ path }) => {
    expect(sources.filter((file) => file.path === path).flatMap(ambientUses)).not.toEqual([]);
  },
);

test.each([
  ['const t = Date.now();', 'Date.now'],
  ['const t = new Date();', 'Date'],
  ['const t = Date();', 'Date'],
  ['const t = performance.now();', 'performance'],
  ['const t = globalThis.performance.now();', 'performance'],
  ['setTimeout(() => {}, 1);', 'setTimeout'],
  ['const later = setImmediate;', 'setImmediate'],
  ['export const timers = { setTimeout };', 'setTimeout'],
  ['function f(wait = setTimeout) { wait(); }', 'setTimeout'],
  ['const n = Math.random();', 'Math.random'],
  ['const id = crypto.randomUUID();', 'crypto.randomUUID'],
  [`import { randomBytes } from 'node:crypto';`, 'crypto.randomBytes'],
  [`import { setTimeout as wait } from 'node:timers/promises';`, 'node:timers/promises'],
  [`import net from 'node:net';`, 'node:net'],
  [`const dgram = await import('node:dgram');`, 'node:dgram'],
  ['const home = process.env.HOME;', 'process'],
  ['class A { b = () => console.log(1); }', 'console'],
  ['const x = (process as { pid: number }).pid;', 'process'],
  ['const signal = AbortSignal.timeout(5);', 'AbortSignal.timeout'],
])('the line %s is found', (text, name) => {
  const [finding, ...more] = ambientUses(source('actors/src/a.ts', `\n${text}`));
  expect(finding).toMatchObject({ name, line: 2 });
  expect(more).toEqual([]);
});

test.each([
  'const t = new Date(0); const u = Date.UTC(2026, 1); const is = t instanceof Date;',
  'interface A { process: number; at: Date; console(): void }',
  'export function f(a: { process: number }, clock: { setTimer(): void }) { clock.setTimer(); return a.process; }',
  'export function f(process: number) { return process + 1; }',
  'const { console } = await import("./fake.ts"); console.log(1);',
  `import { createHash } from 'node:crypto'; createHash('sha256');`,
  'type T = ReturnType<typeof setTimeout>;',
  'const text = "process.exit"; // Date.now()',
])('the line %s is not found', (text) => {
  expect(ambientUses(source('actors/src/a.ts', text))).toEqual([]);
});
