import { expect, it } from 'vitest';
import { glance, plain } from './plain.ts';

const circle: unknown[] = [];
circle.push(circle);

class Point {
  readonly x = 1;
}

it.each([
  ['what JSON has', { a: [1, 'b', true, null] }, { a: [1, 'b', true, null] }],
  ['numbers that it has not', [Number.NaN, Number.POSITIVE_INFINITY, 7n], ['NaN', 'Infinity', '7']],
  ['a map and a set', [new Map([['k', new Set([1])]])], [[['k', [1]]]]],
  ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
  ['a date that is none', new Date(Number.NaN), 'Invalid Date'],
  ['typed arrays and bytes', [new Float64Array([0.5]), new ArrayBuffer(3)], [[0.5], '[3 bytes]']],
  ['a function and a symbol', [Math.max, Symbol('s')], ['[function max]', 'Symbol(s)']],
  ['a class of its own', new Point(), { x: 1 }],
  ['what says how it is shown', { toJSON: () => new Map([[1, 2]]) }, [[1, 2]]],
  ['a hole in a list', [undefined, 1], [null, 1]],
  ['a cycle', circle, ['[circular]']],
  [
    'a getter that throws',
    {
      get bad() {
        throw new Error('no');
      },
    },
    '[cannot be shown]',
  ],
])('shows %s', (_, value, expected) => {
  expect(plain(value)).toEqual(expected);
});

it('shows an error with its code and causes, and without the files of the program', () => {
  const error = Object.assign(new Error('outer', { cause: new Error('inner') }), { code: 'E' });
  expect(plain(error)).toEqual({
    name: 'Error',
    message: 'outer',
    code: 'E',
    cause: { name: 'Error', message: 'inner' },
  });
});

it('a glance counts what is beyond its bounds, in length, in depth and in all', () => {
  const bounds = { depth: 2, length: 2, values: 100 };
  expect(plain([1, 2, 3], bounds)).toEqual([1, 2, '… 1 more']);
  expect(plain({ a: 1, b: 2, c: 3 }, bounds)).toEqual({ a: 1, b: 2, '…': '1 more' });
  expect(plain('x'.repeat(41), bounds)).toBe(`${'x'.repeat(40)}… 1 more`);
  expect(plain({ a: { b: { c: 1 }, d: [] } }, bounds)).toEqual({ a: { b: '[object]', d: '[list]' } });
  expect(
    plain(
      [
        [1, 2],
        [3, 4],
      ],
      { depth: 9, length: 9, values: 4 },
    ),
  ).toEqual([[1, 2], '… 1 more']);
});

it('a glance at something huge is small', () => {
  const wide = (depth: number): unknown => (depth === 0 ? 1 : Array.from({ length: 60 }, () => wide(depth - 1)));
  expect(JSON.stringify(plain(wide(3), glance)).length).toBeLessThan(10_000);
});
