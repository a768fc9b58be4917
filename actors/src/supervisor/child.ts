import type { Exit, TreeNode } from '@jaegis/core';

/** What a supervisor supervises: an actor, or another supervisor. */
export interface Child {
  readonly id: string;
  /** Begins. Rejects when it cannot; the child is then stopped. */
  start(): Promise<void>;
  /** Begins again after it ended, in place: refs and waiting messages stay. */
  restart(): Promise<void>;
  /** Ends, its own children first. Never rejects; resolves also when it had ended before. */
  stop(): Promise<void>;
  inspect(): TreeNode;
}

/** Where a child says that it ended by itself. Not called for an end that the supervisor ordered. */
export type ExitListener = (child: Child, exit: Exit) => void;
