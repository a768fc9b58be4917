import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { cacheDirFor, realHost } from './host.ts';

test.each([
  ['linux', {}, '/home/me/.cache/jaegis'],
  ['linux', { XDG_CACHE_HOME: '/var/cache/me' }, '/var/cache/me/jaegis'],
  ['linux', { XDG_CACHE_HOME: 'relative' }, '/home/me/.cache/jaegis'],
  ['linux', { XDG_CACHE_HOME: '' }, '/home/me/.cache/jaegis'],
  ['darwin', {}, '/home/me/Library/Caches/jaegis'],
  ['darwin', { XDG_CACHE_HOME: '/var/cache/me' }, '/var/cache/me/jaegis'],
])('the cache of %s with %o is %s', (platform, env, folder) => {
  expect(cacheDirFor(platform, env, '/home/me')).toBe(folder);
});

test('this process is alive and one that has ended is not', () => {
  const host = realHost();
  expect(host.isAlive(host.pid)).toBe(true);
  expect(host.isAlive(spawnSync(host.execPath, ['-e', '']).pid)).toBe(false);
});

test('the process of another user is alive', () => {
  expect(realHost().isAlive(1)).toBe(true);
});

test.each([0, -1, 1.5, Number.NaN, 2 ** 31 - 1])('%d is the id of no process', (pid) => {
  expect(realHost().isAlive(pid)).toBe(false);
});
