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
}

export const usage = `npm run bench                    all suites, and renders docs/benchmarks.md
npm run -s bench -- SUITE        one suite
  --json FILE   writes the report there too
  --rounds N    rounds that count, from 1 to 1,000 (default ${MIN_ROUNDS}; one suite only)
  --only TEXT   the rows whose name contains the text (one suite only)`;

/** @throws InvalidConfigError with what was given and what may be. */
export function readOptions(args: readonly string[], suites: readonly Suite[]): Options {
  const { values, positionals } = parse(args);
  const [name, ...more] = positionals;
  if (more.length > 0) throw refusal(`One suite at a time; after "${name}" came ${more.map(quote).join(', ')}.`);
  const { json, only } = values;
  const rounds = roundsOf(values.rounds);
  if (name === undefined) {
    const alone = Object.entries(values).find(([, value]) => value !== undefined)?.[0];
    if (alone) throw refusal(`--${alone} needs a suite. ${listed(suites)}`);
    return { suite: undefined, json, only, rounds };
  }
  const suite = suites.find((one) => one.name === name);
  if (!suite) throw refusal(`There is no suite ${quote(name)}. ${listed(suites)}`);
  if (json === '') throw refusal('--json needs the name of a file.');
  if (rowsOf(suite, only).length === 0) {
    const names = suite.rows.map((row) => quote(row.name)).join(', ');
    throw refusal(`No row of "${name}" contains ${quote(only ?? '')}. There are ${names}.`);
  }
  return { suite, json, only, rounds };
}

const flags = { json: { type: 'string' }, rounds: { type: 'string' }, only: { type: 'string' } } as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true });
  } catch (error) {
    throw refusal(error instanceof Error ? error.message : String(error));
  }
}

function roundsOf(text = String(MIN_ROUNDS)): number {
  const rounds = Number(text);
  if (/^\d+$/.test(text) && rounds >= 1 && rounds <= 1_000) return rounds;
  throw refusal(`--rounds is ${quote(text)}; it must be a whole number from 1 to 1,000.`);
}

const quote = (text: string) => JSON.stringify(text);

const listed = (suites: readonly Suite[]) => `There are ${suites.map((suite) => quote(suite.name)).join(', ')}.`;

function refusal(what: string): Error {
  return new InvalidConfigError(`${what}\n\n${usage}`);
}
