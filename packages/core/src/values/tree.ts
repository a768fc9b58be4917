import type { ErrorData } from '../errors.ts';

/** One place in a supervision tree, as inspection shows it: plain data. */
export interface TreeNode {
  readonly id: string;
  readonly kind: 'node' | 'supervisor' | 'actor' | 'entity';
  /** What it is: an actor's or entity's type, a supervisor's strategy. */
  readonly type: string;
  readonly status: 'starting' | 'running' | 'restarting' | 'stopping' | 'stopped' | 'down';
  readonly mailbox: number;
  readonly handled: number;
  readonly restarts: number;
  readonly lastError?: ErrorData;
  readonly children: readonly TreeNode[];
}
