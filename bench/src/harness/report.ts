/** What a run of a suite results in: the contract of `npm run -s bench -- SUITE --json FILE`. */
import type { Documented, Goal } from './session.ts';
import type { Spread } from './spread.ts';

export interface Report {
  readonly suite: string;
  readonly machine: Machine;
  readonly rows: readonly Row[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly os: string;
  /** Of Node.js and of what is measured. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** Null when the row failed. */
  readonly ours: Spread | null;
  readonly peers: Readonly<Record<string, Spread>>;
  /** What others write about themselves; not measured. */
  readonly documented?: Readonly<Record<string, Documented>>;
  /** That count; absent when the row failed. */
  readonly rounds?: number;
  /** The median of ours ÷ the median of the peer's. */
  readonly ratio: Readonly<Record<string, number>>;
  readonly goal: Goal;
  /** Null when it cannot be told: there is no goal, or a peer of it is absent. */
  readonly met: boolean | null;
  /** Which peers are absent, and why the goal is not reached. */
  readonly note?: string;
  /** Why there are no figures. */
  readonly error?: string;
}
