import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { realClock } from './clock.ts';

function blockFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('timers that are all late fire in the order of their due time', async () => {
  const clock = realClock();
  const fired: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  clock.setTimer(4, () => fired.push('due at 4'));
  clock.setTimer(6, () => fired.push('due at 6'));
  blockFor(3);
  // Node alone would fire this one with the first: it has the same duration.
  clock.setTimer(4, () => {
    fired.push('due at 7');
    resolve();
  });
  blockFor(10);
  await promise;
  expect(fired).toEqual(['due at 4', 'due at 6', 'due at 7']);
});

test('timers without delay fire in the order they were set, after the present turn', async () => {
  const clock = realClock();
  const fired: number[] = [];
  await new Promise<void>((resolve) => {
    for (const n of [1, 2, 3]) clock.setTimer(-n, () => fired.push(n));
    clock.setTimer(0, resolve);
    fired.push(0);
  });
  expect(fired).toEqual([0, 1, 2, 3]);
});

test('a timer never fires before its time', async () => {
  const clock = realClock();
  const start = clock.monotonic();
  await new Promise<void>((resolve) => clock.setTimer(7.3, resolve));
  expect(clock.monotonic() - start).toBeGreaterThanOrEqual(7.3);
});

test('a timer that is cleared when it is already due never fires', async () => {
  const clock = realClock();
  const fired: string[] = [];
  await new Promise<void>((resolve) => {
    clock.setTimer(1, () => {
      fired.push('first');
      clock.clearTimer(second);
    });
    const second = clock.setTimer(2, () => fired.push('second'));
    clock.setTimer(3, resolve);
    blockFor(5);
  });
  clock.clearTimer(undefined);
  expect(fired).toEqual(['first']);
});

test('a timer that sets itself again lets others have their turn', async () => {
  const clock = realClock();
  let turns = 0;
  let seen = 0;
  const again = () => {
    turns += 1;
    if (seen === 0) clock.setTimer(0, again);
  };
  clock.setTimer(0, again);
  await new Promise<void>((resolve) => {
    setImmediate(() =>
      setImmediate(() => {
        seen = turns;
        resolve();
      }),
    );
  });
  expect(seen).toBeGreaterThan(0);
});

test('a delay longer than Node can sleep does not fire at once', async () => {
  const clock = realClock();
  let fired = false;
  const timer = clock.setTimer(2 ** 40, () => {
    fired = true;
  });
  await new Promise<void>((resolve) => clock.setTimer(5, resolve));
  clock.clearTimer(timer);
  expect(fired).toBe(false);
});

function runScript(body: string) {
  const door = JSON.stringify(new URL('./index.ts', import.meta.url).href);
  const script = `import { realClock } from ${door}; const clock = realClock(); ${body}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
}

test('a set timer keeps the process alive and a cleared one does not', () => {
  const run = runScript(`
    clock.setTimer(20, () => console.log('fired'));
    clock.clearTimer(clock.setTimer(1e9, () => {}));
  `);
  expect({ status: run.status, stdout: run.stdout }).toEqual({ status: 0, stdout: 'fired\n' });
});

test('a callback that throws is an uncaught exception and the next timer fires', () => {
  const run = runScript(`
    process.on('uncaughtException', (error) => console.log(error.message));
    clock.setTimer(1, () => { throw new Error('broken'); });
    clock.setTimer(1, () => console.log('next'));
  `);
  expect(run.stdout).toBe('broken\nnext\n');
});
