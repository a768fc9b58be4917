import { expect, it } from 'vitest';
import { nearest } from './nearest.ts';

it.each([
  ['clutser', 'cluster'],
  ['nat', 'nats'],
  ['loglevel', 'logLevel'],
  ['weather', undefined],
  ['x', undefined],
])('%s is taken for %s', (typed, meant) => {
  expect(nearest(typed, ['cluster', 'nats', 'logLevel', 'threads'])).toBe(meant);
});
