import type { ChildStatus, ExitReason, Timer } from '@jaegis/core';
import type { Process } from '../run/process.ts';
import type { FullChildSpec } from './spec.ts';

/** A place among the children, whether somebody lives in it or not. */
export class Child {
  readonly id: string;
  spec: FullChildSpec;
  /** For the start function, after those of the spec. */
  readonly args: readonly unknown[];
  /** It has no spec that could be started again: it is forgotten when it ends. */
  readonly isDynamic: boolean;
  process: Process | undefined = undefined;
  phase: 'starting' | 'stopping' | ChildStatus = 'stopped';
  /** Why it was last ordered to end. */
  order: ExitReason = undefined;
  /** It ended while its start was still being reported. */
  endedEarly: { readonly reason: ExitReason } | undefined = undefined;
  /** Restarts that waited, for its backoff. */
  waits: { count: number; startedMs: number; timer: Timer | undefined } | undefined = undefined;

  constructor(id: string, spec: FullChildSpec, args: readonly unknown[], isDynamic: boolean) {
    this.id = id;
    this.spec = spec;
    this.args = args;
    this.isDynamic = isDynamic;
  }

  get status(): ChildStatus {
    if (this.phase === 'starting' || this.phase === 'stopping') return 'running';
    return this.phase;
  }

  /** How long it may take to stop, in ms. */
  get waitMs(): number {
    return typeof this.spec.shutdown === 'number' ? this.spec.shutdown : Number.POSITIVE_INFINITY;
  }

  get significant(): boolean {
    return this.spec.significant;
  }
}
