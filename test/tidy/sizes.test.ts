import { expect, test } from 'vitest';
import { beyond, fileSize, functionSizes, isVague, percentile90 } from './size-rules.ts';
import { source, sources } from './sources.ts';

const longestFile = 500;
const longestFunction = 70;
const longestOfNineInTen = 30;

/** What was longer when its rule came, with its length. Entries may shrink and go; none may be added. */
const ratchet: Readonly<Record<string, number>> = {};

const code = sources.filter((file) => !file.isTest);

test(`no file is longer than ${longestFile} lines`, () => {
  expect(beyond(sources.map(fileSize), longestFile, ratchet)).toEqual([]);
});

test(`no function is longer than ${longestFunction} lines`, () => {
  expect(beyond(code.flatMap(functionSizes), longestFunction, ratchet)).toEqual([]);
});

test(`nine functions of ten have at most ${longestOfNineInTen} lines`, () => {
  const lengths = code.flatMap(functionSizes).map(({ lines }) => lines);
  expect(percentile90(lengths)).toBeLessThanOrEqual(longestOfNineInTen);
});

test('the name of a file says its subject', () => {
  expect(sources.filter(isVague).map(({ path }) => `${path}: name it after its subject`)).toEqual([]);
});

const body = (lines: number) => 'f();\n'.repeat(lines - 2);

test.each([
  ['a function', `function long() {\n${body(71)}}`, 'long'],
  ['an arrow function', `const long = () => {\n${body(71)}};`, 'long'],
  ['a method', `class A {\nlong() {\n${body(71)}}\n}`, 'long'],
  ['a function without a name', `\nexport const a = [() => {\n${body(71)}}];`, 'line 2'],
])('%s of 71 lines is found, one of 70 is not', (_, text, name) => {
  const sizes = (sample: string) => functionSizes(source('actors/src/a.ts', sample));
  expect(beyond(sizes(text), 70, {})).toEqual([expect.stringContaining(`actors/src/a.ts#${name} has 71 lines`)]);
  expect(beyond(sizes(text.replace('f();\n', '')), 70, {})).toEqual([]);
});

test('a file of 501 lines is found, one of 500 is not', () => {
  const file = (lines: number) => fileSize(source('actors/src/a.ts', 'f();\n'.repeat(lines)));
  expect(beyond([file(500)], 500, {})).toEqual([]);
  expect(beyond([file(501)], 500, {})).toHaveLength(1);
});

test('the ratchet lets the old pass at its length, and demands its entry back when it shrinks', () => {
  const old = { where: 'actors/src/a.ts', lines: 600 };
  expect(beyond([old], 500, { [old.where]: 600 })).toEqual([]);
  expect(beyond([{ ...old, lines: 601 }], 500, { [old.where]: 600 })).not.toEqual([]);
  expect(beyond([{ ...old, lines: 599 }], 500, { [old.where]: 600 })).toEqual([expect.stringContaining('shrunk')]);
  expect(beyond([], 500, { [old.where]: 600 })).toEqual([expect.stringContaining('gone')]);
});

test('the 90th percentile is the value that nine of ten do not exceed', () => {
  expect(percentile90([1, 2, 3, 4, 5, 6, 7, 8, 9, 100])).toBe(9);
  expect(percentile90([1, 2, 3, 4, 5, 6, 7, 8, 99, 100])).toBe(99);
  expect(percentile90([])).toBe(0);
});

test.each(['utils', 'helpers', 'types', 'manager', 'string-utils', 'actor-manager', 'test.helpers'])(
  'a file named %s is found',
  (name) => {
    expect(isVague(source(`actors/src/${name}.ts`, ''))).toBe(true);
  },
);

test.each(['mailbox', 'event-types', 'shared-inbox'])('a file named %s is not found', (name) => {
  expect(isVague(source(`actors/src/${name}.ts`, ''))).toBe(false);
});
