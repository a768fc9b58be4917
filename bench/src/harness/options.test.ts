import { InvalidConfigError } from '@jaegis/core';
import { expect, it } from 'vitest';
import { readOptions } from './options.ts';
import type { Suite } from './session.ts';

const entrant = { size: 1, open: () => ({ round: () => 1 }) };
const row = { unit: 'x', better: 'higher', about: '', goal: {}, ours: entrant, peers: {} } as const;
const rows = [
  { ...row, name: 'Tell to one' },
  { ...row, name: 'ask' },
];
const suites: Suite[] = ['kernel', 'turns'].map((name) => ({ name, about: '', rows, versions: () => ({}) }));

const read = (text: string) => readOptions(text === '' ? [] : text.split(' '), suites);

it.each([
  ['', { suite: undefined, json: undefined, only: undefined, rounds: 5, size: undefined }],
  ['kernel', { suite: suites[0], json: undefined, only: undefined, rounds: 5, size: undefined }],
  [
    'turns --json k.json --rounds 9 --only tell --size 60',
    { suite: suites[1], json: 'k.json', only: 'tell', rounds: 9, size: 60 },
  ],
])('reads "%s"', (text, options) => {
  expect(read(text)).toEqual(options);
});

it.each([
  ['nope', 'There is no suite "nope". There are "kernel", "turns".'],
  ['kernel turns', 'One suite at a time; after "kernel" came "turns".'],
  ['--json k.json', '--json needs a suite. There are "kernel", "turns".'],
  ['--rounds 9', '--rounds needs a suite.'],
  ['kernel --json', "'--json <value>' argument missing"],
  ['kernel --json=', '--json needs the name of a file.'],
  ['kernel --rounds 0', '--rounds is "0"; it must be a whole number from 1 to 1,000.'],
  ['kernel --rounds 2.5', '--rounds is "2.5"'],
  ['kernel --rounds=-1', '--rounds is "-1"'],
  ['kernel --rounds many', '--rounds is "many"'],
  ['kernel --size 9', '--size needs --only'],
  ['kernel --only ask --size 0', '--size is "0"; it must be a whole number from 1 to 10,000,000.'],
  ['kernel --only sing', 'No row of "kernel" contains "sing". There are "Tell to one", "ask".'],
  ['kernel --fast', "Unknown option '--fast'"],
])('refuses "%s" and says what may be', (text, message) => {
  expect(() => read(text)).toThrow(InvalidConfigError);
  expect(() => read(text)).toThrow(message);
  expect(() => read(text)).toThrow('npm run -s bench -- SUITE');
});
