import { expect, it } from 'vitest';
import type { Goal } from './session.ts';
import { goalText, isMet } from './verdict.ts';

const spread = (median: number) => ({ median, min: median, max: median });

it.each<['higher' | 'lower', Goal, number, Record<string, number>, boolean | null]>([
  ['higher', { nact: 25 }, 25, { nact: 1 }, true],
  ['higher', { nact: 25 }, 24.9, { nact: 1 }, false],
  ['higher', { nact: 25, erlang: 0.8 }, 25, { nact: 1, erlang: 50 }, false],
  ['higher', { nact: 25, erlang: 0.8 }, 25, { nact: 1 }, null],
  ['higher', { nact: 25, erlang: 0.8 }, 24, { nact: 1 }, false],
  ['lower', { erlang: 1 }, 2, { erlang: 2 }, true],
  ['lower', { erlang: 1 }, 3, { erlang: 2 }, false],
  ['lower', { most: 600 }, 600, {}, true],
  ['lower', { most: 600 }, 601, {}, false],
  ['lower', { below: 10 }, 10, { idle: 1 }, false],
  ['lower', { below: 10 }, 9.9, { idle: 1 }, true],
  ['lower', {}, 1, { idle: 1 }, null],
])('%s is better, goal %j, ours %d, peers %j: met is %s', (better, goal, ours, peers, met) => {
  const spreads = Object.fromEntries(Object.entries(peers).map(([name, median]) => [name, spread(median)]));
  expect(isMet({ better, goal }, spread(ours), spreads)).toBe(met);
});

it.each<['higher' | 'lower', Goal, string]>([
  ['higher', { nact: 25, erlang: 0.8 }, '≥ 25 × nact, ≥ 0.8 × erlang'],
  ['lower', { erlang: 1 }, '≤ 1 × erlang'],
  ['lower', { most: 600 }, '≤ 600 x'],
  ['lower', { below: 10 }, '< 10 x'],
  ['lower', { below: 10, p99Below: 20 }, '< 10 x, p99 < 20 x'],
  ['lower', {}, ''],
])('%s is better: the goal %j reads %s', (better, goal, text) => {
  expect(goalText({ better, goal, unit: 'x' })).toBe(text);
});
