/** `jaegis dev`: a cluster that goes over to what the files of its app hold, and of which nothing stays behind. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requestInspection } from 'jaegis';
import { expect, it, onTestFinished } from 'vitest';
import { descendants, type Program, runProgram, stillRunning } from '../support/programs.ts';

const door = fileURLToPath(new URL('../../packages/jaegis/src/index.ts', import.meta.url));

/** An app of two files, one of which says what its actor says when it starts. */
function makeApp(): { readonly app: string; readonly says: (source: string) => void; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'jaegis-dev-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const app = join(folder, 'app.ts');
  writeFileSync(
    app,
    `import { defineActor, defineApp } from '${door}';
     import { word } from './word.ts';
     const speaker = defineActor('speaker', { state: () => { console.log('I say ' + word); return {}; }, on: {} });
     export default defineApp({ actors: [{ name: 'speaker', definition: speaker }] });`,
  );
  return { app, folder, says: (source) => writeFileSync(join(folder, 'word.ts'), source) };
}

const start = (...flags: string[]) => runProgram('packages/cli/src/main.ts', ['dev', ...flags]);

/** How often a node has said so. */
const times = (program: Program, text: string) => program.output().split(text).length - 1;

it('starts, takes over what changes, goes on with the old where the new is broken, and ends', async () => {
  const { app, says } = makeApp();
  says(`export const word = 'one';`);
  const dev = start('--app', app, '--nodes', '2', '--port', '0', '--cluster', 'dev');
  await dev.said('Ctrl-C');
  const [, nats = ''] = /connect {3}(nats:\S+)/.exec(dev.output()) ?? [];
  expect(dev.output()).toContain(`npx jaegis tree --cluster dev --nats ${nats} --watch`);
  expect(times(dev, 'I say one')).toBe(2);
  await using inspection = await requestInspection({ nats: [nats], cluster: 'dev' });
  const running = async () => (await inspection.tree()).nodes.map(({ id, status }) => `${id} ${status}`).toSorted();
  expect(await running()).toEqual(['n1 running', 'n2 running']);

  says(`export const word = 'two;`);
  await dev.said('the new version cannot be loaded; the nodes go on with the old one');
  await dev.said('Unterminated string constant');
  expect(dev.output()).toMatch(/word\.ts:1\n/);
  expect(await running()).toEqual(['n1 running', 'n2 running']);

  says(`export const word = 'three';`);
  await dev.said('n1 n2 run the new version');
  expect(times(dev, 'I say three')).toBe(2);
  expect(times(dev, 'I say one')).toBe(2);

  const children = descendants(dev.process.pid ?? 0);
  expect(children.length).toBeGreaterThanOrEqual(4); // two nodes, the guard and its server
  dev.process.kill('SIGINT');
  expect(await dev.ended, dev.output()).toBe(0);
  expect(stillRunning(children)).toEqual([]);
});

it('starts a node again that was killed, and when it is killed itself all end with it', async () => {
  const { app, says } = makeApp();
  says(`export const word = 'one';`);
  const dev = start('--app', app, '--nodes', '1', '--port', '0');
  await dev.said('Ctrl-C');
  const [, pid] = /n1 is ready \(process (\d+)\)/.exec(dev.output()) ?? [];
  process.kill(Number(pid), 'SIGKILL');
  await dev.said('n1 has ended (SIGKILL); it is started again');
  await expect.poll(() => times(dev, 'n1 is ready'), { timeout: 60_000 }).toBe(2);
  const children = descendants(dev.process.pid ?? 0);
  expect(children.length).toBeGreaterThanOrEqual(3);
  dev.process.kill('SIGKILL');
  await expect.poll(() => stillRunning(children), { timeout: 20_000 }).toEqual([]);
});

it.each([
  ['without an app', [], 'Name an app by --app ./app.ts'],
  ['with an app that is not there', ['--app', '/nowhere/app.ts'], 'There is no app /nowhere/app.ts'],
  [
    'with a number of servers that JetStream makes nothing of',
    ['--app', 'a.ts', '--servers', '2'],
    '--servers is "2"; expected 1 or 3',
  ],
])('%s it says what is missing, before anything is started', async (_, flags, text) => {
  const dev = start(...flags);
  expect(await dev.ended).toBe(2);
  expect(dev.output()).toContain(text);
  expect(dev.output()).not.toContain('nats-server:');
});

it.each([
  ['that throws', `export const word = ''; throw new Error('no luck');`, 'no luck'],
  ['that imports what is not there', `export { word } from './gone.ts';`, 'gone.ts'],
])('an app with a file %s is refused by its place, before anything is started', async (_, source, text) => {
  const { app, says } = makeApp();
  says(source);
  const dev = start('--app', app, '--port', '0');
  expect(await dev.ended).toBe(2);
  expect(dev.output()).toContain('cannot be loaded');
  expect(dev.output()).toContain(text);
  expect(dev.output()).toMatch(/(word|app)\.ts/);
  expect(dev.output()).not.toContain('nats-server:');
});

it('a port that is wanted and taken is an error that names it', async () => {
  const { app, says } = makeApp();
  says(`export const word = 'one';`);
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const address = other.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const dev = start('--app', app, '--port', `${port}`);
  expect(await dev.ended).toBe(2);
  expect(dev.output()).toContain(`Port ${port} on 127.0.0.1 is taken`);
});

it('what is kept is there the next time, and a server that cannot be used is named', async () => {
  const { app, says, folder } = makeApp();
  says(`export const word = 'one';`);
  const wrong = runProgram('packages/cli/src/main.ts', ['dev', '--app', app, '--port', '0'], {
    NATS_SERVER: '/bin/true',
  });
  expect(await wrong.ended).toBe(2);
  expect(wrong.output()).toContain('The nats-server in the settings, /bin/true, cannot be used');
  const keep = join(folder, 'state');
  const epochs: number[] = [];
  for (let run = 0; run < 2; run++) {
    const dev = start('--app', app, '--nodes', '1', '--port', '0', '--keep', keep);
    await dev.said('Ctrl-C');
    await dev.said(': n1');
    epochs.push(Number(/view (\d+): n1/.exec(dev.output())?.[1]));
    dev.process.kill('SIGTERM');
    expect(await dev.ended, dev.output()).toBe(0);
  }
  const [first = Number.NaN, second] = epochs;
  expect(second).toBeGreaterThan(first);
});
