import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadApp, whereItFailed } from './load-app.ts';

it('a file that is not there is named by its whole path', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jaegis-load-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'app.mjs');
  await expect(loadApp(path)).rejects.toMatchObject({ code: 'invalid_config', message: expect.stringContaining(path) });
  await writeFile(path, 'export default 7;');
  await expect(loadApp(path)).rejects.toThrow('has no default export made by defineApp');
});

it.each([
  ['SyntaxError: no\n    at compile (node:internal/x:1:1)', 'no', 'SyntaxError: no'],
  [
    '/a/app.ts:2\nconst x = {;\n           ^\n\nSyntaxError: no\n    at parse (node:x:1:1)',
    'no',
    '/a/app.ts:2\nconst x = {;\n           ^\n\nSyntaxError: no',
  ],
  [
    'Error: boom\n    at node:x:1:1\n    at file:///a/app.ts:2:7\n    at node:x:2:2',
    'boom',
    'Error: boom\n    at file:///a/app.ts:2:7',
  ],
  [undefined, 'bare', 'bare'],
])('of the stack %j what the user needs is shown', (stack, message, shown) => {
  const error = new Error(message);
  if (stack === undefined) delete error.stack;
  else error.stack = stack;
  expect(whereItFailed(error)).toBe(shown);
});

it('the app that the pages show can be run', async () => {
  const { entities } = await loadApp(join(import.meta.dirname, '../../examples/src/app.ts'));
  expect(entities.map(({ type }) => type)).toEqual(['cart']);
});
