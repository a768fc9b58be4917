import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';

const door = JSON.stringify(new URL('./index.ts', import.meta.url).href);

function start(stdio: ('pipe' | 'ignore' | 'ipc')[], body: string): ChildProcess {
  const script = `import { onParentGone } from ${door}; ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Stays alive until told, says it is ready, and tells by its exit code what ended it. */
const waiting = `
  setInterval(() => {}, 1000);
  onParentGone(() => process.exit(42));
  console.log('ready');
`;

async function ready(child: ChildProcess): Promise<void> {
  if (child.stdout) await once(child.stdout, 'data');
}

test('a process hears that the pipe on its standard input has closed', async () => {
  const child = start(['pipe', 'pipe', 'ignore'], waiting);
  await ready(child);
  expect(child.exitCode).toBe(null);
  child.stdin?.destroy();
  expect(await once(child, 'exit')).toEqual([42, null]);
});

test('a process hears that its IPC channel has closed', async () => {
  const child = start(['ignore', 'pipe', 'ignore', 'ipc'], waiting);
  await ready(child);
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([42, null]);
});

test('an empty standard input that is no pipe is not a lost parent', async () => {
  const body = `onParentGone(() => process.exit(42)); setTimeout(() => process.exit(7), 50);`;
  expect(await once(start(['ignore', 'ignore', 'ignore'], body), 'exit')).toEqual([7, null]);
});

test('watching does not keep the process alive', async () => {
  const child = start(['pipe', 'ignore', 'ignore'], `onParentGone(() => process.exit(42));`);
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('who has stopped watching is not called', async () => {
  const body = `
    const stop = onParentGone(() => process.exit(42));
    stop();
    process.stdin.on('end', () => setTimeout(() => process.exit(7), 20)).ref().resume();
    console.log('ready');
  `;
  const child = start(['pipe', 'pipe', 'ignore'], body);
  await ready(child);
  child.stdin?.destroy();
  expect(await once(child, 'exit')).toEqual([7, null]);
});
