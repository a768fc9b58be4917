/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';
import { InvalidConfigError } from '@jaegis/core';
import { rowsOf } from './run-suite.ts';
import type { Suite } from './session.ts';

/** Medians are of at least so many rounds where they are written down. */
export const MIN_ROUNDS = 5;

export interface Options {
  /** Undefined: all, and docs/benchmarks.md with them. */
  readonly suite: Suite | undefined;
  readonly json: string | undefined;
  readonly only: string | undefined;
  readonly rounds: number;
  /** Of the work of a round, instead of the row's own. */
  readonly size: number | undefined;
}

export const usage = `npm run bench                    all suites, and renders docs/benchmarks.md
npm run -s bench -- SUITE        one suite
  --json FILE   writes the report there too
  --rounds N    rounds that count, from 1 to 1,000 (default ${MIN_ROUNDS}; one suite only)
  --only TEXT   the rows whose name contains the text (one suite only)
  --size N      work of a round, from 1 to 10,000,000, in what the row counts (with --only)`;

/** @throws InvalidConfigError with what was given and what may be. */
export function readOptions(args: readonly string[], suites: readonly Suite[]): Options {
  const { values, positionals } = parse(args);
  const [name, ...more] = positionals;
  if (more.length > 0) throw refusal(`One suite at a time; after "${name}" came ${more.map(quote).join(', ')}.`);
  const { json, only } = values;
  const rounds = wholeOf('rounds', values.rounds ?? String(MIN_ROUNDS), 1_000);
  if (name === undefined) {
    const alone = Object.entries(values).find(([, value]) => value !== undefined)?.[0];
    if (alone) throw refusal(`--${alone} needs a suite. ${listed(suites)}`);
    return { suite: undefined, json, only, rounds, size: undefined };
  }
  const suite = suites.find((one) => one.name === name);
  if (!suite) throw refusal(`There is no suite ${quote(name)}. ${listed(suites)}`);
  if (json === '') throw refusal('--json needs the name of a file.');
  if (rowsOf(suite, only).length === 0) {
    const names = suite.rows.map((row) => quote(row.name)).join(', ');
    throw refusal(`No row of "${name}" contains ${quote(only ?? '')}. There are ${names}.`);
  }
  if (values.size !== undefined && only === undefined)
    throw refusal('--size needs --only: rows count different things.');
  return { suite, json, only, rounds, size: values.size === undefined ? undefined : wholeOf('size', values.size, 1e7) };
}

const flags = {
  json: { type: 'string' },
  rounds: { type: 'string' },
  only: { type: 'string' },
  size: { type: 'string' },
} as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true });
  } catch (error) {
    throw refusal(error instanceof Error ? error.message : String(error));
  }
}

function wholeOf(flag: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  const range = `from 1 to ${most.toLocaleString('en')}`;
  throw refusal(`--${flag} is ${quote(text)}; it must be a whole number ${range}.`);
}

const quote = (text: string) => JSON.stringify(text);

const listed = (suites: readonly Suite[]) => `There are ${suites.map((suite) => quote(suite.name)).join(', ')}.`;

function refusal(what: string): Error {
  return new InvalidConfigError(`${what}\n\n${usage}`);
}
