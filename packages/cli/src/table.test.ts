import { stripVTControlCharacters } from 'node:util';
import colors from 'picocolors';
import { expect, it } from 'vitest';
import { table } from './table.ts';

it('lays columns out by what is seen, numbers to the right', () => {
  const lines = table(
    ['node', 'heap', 'note'],
    [
      [colors.createColors(true).bold('n1'), '9 MB', 'x'],
      ['node-2', '120 MB', 'longer'],
    ],
  );
  expect(lines.map(stripVTControlCharacters)).toEqual([
    'node      heap  note',
    'n1        9 MB  x',
    'node-2  120 MB  longer',
  ]);
});
