import { expect, it } from 'vitest';
import { figure } from './figure.ts';
import { spreadOf } from './spread.ts';

it.each([
  [25_612_345, '25.6 M'],
  [999_499, '999 k'],
  [999_500, '1 M'],
  [12_345, '12.3 k'],
  [9_994, '9994'],
  [1162.4, '1162'],
  [999.4, '999'],
  [0.03112, '0.0311'],
  [0, '0'],
  [-3.456, '-3.46'],
])('writes %d as %s', (value, text) => {
  expect(figure(value)).toBe(text);
});

it.each([
  [[3, 1, 2], { median: 2, min: 1, max: 3 }],
  [[10, 9, 1, 100], { median: 9.5, min: 1, max: 100 }],
  [[5], { median: 5, min: 5, max: 5 }],
])('the spread of %j is %j', (values, spread) => {
  expect(spreadOf(values)).toEqual(spread);
});

it.each([[[]], [[1, Number.NaN]], [[Number.POSITIVE_INFINITY]]])('refuses to make a spread of %j', (values) => {
  expect(() => spreadOf(values)).toThrow(RangeError);
});
