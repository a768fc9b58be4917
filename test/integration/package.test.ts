/** What npm would publish, installed from tarballs into an empty project, as a user's first minute. */
import { execFile } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { realHost } from '@jaegis/node';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const prefix = 'jaegis-package-';
const work = join(tmpdir(), `${prefix}${process.pid}`);
const project = join(work, 'project');

/** What a killed run of this test has left. */
function removeLeftovers(): void {
  const host = realHost();
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(prefix));
  const ended = folders.filter((name) => !host.isAlive(Number(name.slice(prefix.length))));
  for (const name of [...ended, basename(work)]) rmSync(join(tmpdir(), name), { recursive: true, force: true });
}

afterAll(() => rmSync(work, { recursive: true, force: true }));

/** npm tells its scripts where they run; an npm within must not believe that it is there. */
const inherited = Object.entries(process.env).filter(
  ([name]) => !/^npm_(config_local_prefix|package|lifecycle|command)/.test(name) && !name.startsWith('VITEST'),
);
const env = { ...Object.fromEntries(inherited), PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) };

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { cwd, env, maxBuffer: 2 ** 24 });
  return stdout;
}

const runProgram = (file: string) => run(process.execPath, [file], project);

beforeAll(async () => {
  removeLeftovers();
  mkdirSync(project, { recursive: true });
  const built = await run(process.execPath, [join(root, 'scripts/build.ts')], root);
  const folders = built
    .trim()
    .split('\n')
    .map((folder) => join(root, folder));
  await run('npm', ['pack', '--silent', `--pack-destination=${work}`, ...folders], work);
  const tarballs = readdirSync(work).filter((name) => name.endsWith('.tgz'));
  expect(tarballs).toHaveLength(folders.length);
  await createProject(tarballs);
});

async function createProject(tarballs: readonly string[]): Promise<void> {
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', ['install', ...flags, ...tarballs.map((name) => join(work, name))], project);
}

const worker = `export const double = (numbers) => numbers.map((n) => 2 * n);\n`;

const program = `
import { hasCode } from '@jaegis/core';
import { jsonCodec } from '@jaegis/codec';
import { realClock } from '@jaegis/node';
import { createPool } from '@jaegis/pool';

const codec = jsonCodec();
console.log(codec.decode(codec.encode(new Map([['answer', 42n]]))));
const pool = createPool({ threads: 1 });
const module = new URL('./worker.js', import.meta.url).href;
console.log(await pool.run({ module, name: 'double' }, Float64Array.of(1, 2)));
console.log(await pool.run({ module, name: 'halve' }, 1).catch((error) => hasCode(error, 'invalid_definition')));
await pool.close();
realClock().setTimer(1, () => console.log('time passes'));
`;

test('a program that uses the packed packages runs, also in worker threads', async () => {
  writeFileSync(join(project, 'worker.js'), worker);
  writeFileSync(join(project, 'program.js'), program);
  const printed = [`Map(1) { 'answer' => 42n }`, 'Float64Array(2) [ 2, 4 ]', 'true', 'time passes', ''];
  expect(await runProgram('program.js')).toBe(printed.join('\n'));
});

test('the packed command runs', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8'));
  expect(await run(join(project, 'node_modules/.bin/jaegis'), ['--version'], project)).toBe(`${version}\n`);
});

const typed = (type: string) => `
import { type Codec, type ErrorCode, errorCatalogue, type Retry } from '@jaegis/core';
import { jsonCodec } from '@jaegis/codec';
export const codec: Codec = jsonCodec();
export const retry: ${type} = errorCatalogue['fenced' satisfies ErrorCode].retry;
`;

async function checkTypes(text: string): Promise<string> {
  const compiler = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, types: [] };
  writeFileSync(join(project, 'typed.ts'), text);
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: compiler, files: ['typed.ts'] }));
  return run(join(root, 'node_modules/.bin/tsc'), ['-p', '.'], project);
}

test('the packed packages have types', async () => {
  expect(await checkTypes(typed('Retry'))).toBe('');
  await expect(checkTypes(typed('number'))).rejects.toMatchObject({ stdout: expect.stringContaining('TS2322') });
});

test('the packed packages hold what they need and no tests', () => {
  const files = globSync('node_modules/{jaegis,@jaegis/*}/**/*', { cwd: project });
  expect(files.filter((file) => /\.test[.-]|(?<!\.d)\.ts$/.test(file))).toEqual([]);
  expect(files).toContain('node_modules/@jaegis/core/LICENSE');
});

/** Each `// prints: …` in an example is a line that it prints. */
function promised(text: string): string {
  return Array.from(text.matchAll(/\/\/ prints: (.*)$/gm), ([, line]) => `${line}\n`).join('');
}

test.each(globSync('packages/examples/src/quick-start.ts', { cwd: root }))('%s prints what it says', async (file) => {
  copyFileSync(join(root, file), join(project, basename(file)));
  const expected = promised(readFileSync(join(root, file), 'utf8'));
  expect(expected).not.toBe('');
  expect(await runProgram(basename(file))).toBe(expected);
});
