import { limits } from '@jaegis/core';
import { expect, test } from 'vitest';
import { windowShare } from './window-share.ts';

test.each([1, 2, 3, 20])('in a cluster of %i nodes each may fill its whole window', (members) => {
  expect(windowShare(members)).toBe(limits.wireWindowBytes);
});

test.each([30, 65, 500, 1_500])('in a cluster of %i nodes all windows to one node stay within its bound', (members) => {
  const window = windowShare(members);
  expect(window * (members - 1)).toBeLessThanOrEqual(limits.wireInboundBytes);
  expect(window).toBeGreaterThanOrEqual(16 * 1024);
});

test('a window that was made smaller stays so', () => {
  expect(windowShare(3, 40_000)).toBe(40_000);
});
