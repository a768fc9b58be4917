/**
 * What a suite is made of. A session does the work of a row in one way (ours, or a peer's) as often as it is told; an
 * entrant opens one. The harness knows no more of what it measures.
 */
export interface Session {
  /**
   * Does the work `size` times (what that means is the row's) and resolves with the figure, in the row's unit; with several
   * where one round has more than one to tell.
   */
  round(size: number): Figures | Promise<Figures>;
  close?(): void | Promise<void>;
}

export type Figures = number | readonly number[];

export interface Entrant {
  /** Of one round. */
  readonly size: number;
  /** @throws PeerAbsentError */
  open(): Session | Promise<Session>;
}

export interface RowSpec {
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** For a peer's name: what ours ÷ peer's must reach (or stay within, where lower is better). Else bounds of ours. */
  readonly goal: Goal;
  readonly ours: Entrant;
  readonly peers: Readonly<Record<string, Entrant>>;
  /** What is done, for docs/benchmarks.md. */
  readonly about: string;
  /** Why the goal is not reached; told with the figures as long as it is not. */
  readonly shortfall?: string;
  /** Where the figures are close together, or the last of many counts: so many times the rounds. Default 1. */
  readonly patience?: number;
  /** One round is the whole work: none warms up before it, and `--rounds` makes no more of it. */
  readonly isOnce?: boolean;
  /** What others write about themselves, where they cannot be run here. */
  readonly documented?: Readonly<Record<string, Documented>>;
}

/** A figure that was not measured, in the row's unit. */
export interface Documented {
  readonly figure: number;
  /** Which settings make it, and where that is written. */
  readonly source: string;
}

export interface Goal {
  /** Ours must not exceed it. */
  readonly most?: number;
  /** Ours must be less. */
  readonly below?: number;
  /** The p99 of ours must be less. */
  readonly p99Below?: number;
  readonly [peer: string]: number | undefined;
}

export interface Suite {
  readonly name: string;
  /** For docs/benchmarks.md. */
  readonly about: string;
  readonly rows: readonly RowSpec[];
  /** Of what is measured, beside Node.js. */
  versions(): Record<string, string> | Promise<Record<string, string>>;
}

/** The work of a module by name, as processes of their own are told which to do. */
export type Workloads = Readonly<Record<string, () => Session | Promise<Session>>>;

/** A peer that this machine does not have. The row goes on without it. */
export class PeerAbsentError extends Error {
  override readonly name = 'PeerAbsentError';
}
