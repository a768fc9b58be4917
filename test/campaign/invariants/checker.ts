/**
 * What judges a run. Checkers see what is written, said and answered, and know nothing of the code that does it: they
 * read records and messages for themselves.
 */
import type { Sighting, Written } from '@jaegis/sim';
import type { Operation } from '../operations.ts';
import type { Fault } from '../plan.ts';

export interface SeenMember {
  readonly id: string;
  readonly incarnation: string;
}

export interface SeenView {
  readonly epoch: number;
  readonly members: readonly SeenMember[];
}

/** One process that ran, and who it says that it is. */
export interface SeenLife {
  readonly name: string;
  /** Counts the lives of this name. */
  readonly number: number;
  readonly incarnation: string;
}

export interface Checker {
  /** What must hold, in a few words. */
  readonly invariant: string;
  /** A record was taken into a log. */
  written?(written: Written): void;
  /** A message has reached the server, or its receiver. */
  sighted?(sighting: Sighting): void;
  /** A node has this view from now on. */
  viewed?(life: SeenLife, view: SeenView): void;
  called?(operation: Operation): void;
  answered?(operation: Operation, reply: unknown): void;
  faulted?(fault: Fault, isOver: boolean): void;
  /** What is still to come, in words, when nothing breaks any more. */
  missing?(): string[];
}

/** Something that must not be; it ends the run. */
export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, what: string) {
    super(what);
    this.invariant = invariant;
  }
}
