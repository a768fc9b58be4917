import { type ChildStatus, type ExitReason, isCleanExit, restartDelay, type Timer } from '@jaegis/core';
import type { Door } from '../door/door.ts';
import type { DoorOption } from '../door/door-policy.ts';
import type { Doors } from '../door/doors.ts';
import type { Process } from '../run/process.ts';
import type { FullChildSpec } from './spec.ts';

interface Waits {
  count: number;
  /** When it last began to run; infinite while it does not. */
  startedMs: number;
  timer: Timer | undefined;
}

export const noArgs: readonly unknown[] = [];

/** A place among the children, whether somebody lives in it or not. */
export class Child {
  readonly id: string;
  spec: FullChildSpec;
  /** For the start function, after those of the spec. */
  args: readonly unknown[];
  /** It has no spec that could be started again: it is forgotten when it ends. */
  readonly isDynamic: boolean;
  process: Process | undefined = undefined;
  phase: 'starting' | 'stopping' | ChildStatus = 'stopped';
  /** Why it was last ordered to end. */
  order: ExitReason = undefined;
  /** It ended while its start was still being reported. */
  endedEarly: { readonly reason: ExitReason } | undefined = undefined;
  /** Counts its starts and the orders to end: what an older start brings counts no more. */
  turn = 0;
  /** Ends the wait for its start function. */
  abortStart: ((reason: ExitReason) => void) | undefined = undefined;
  /** Restarts that waited, for its backoff. */
  waits: Waits | undefined = undefined;

  /** What stands at its door, from its first start on. */
  #guard: { readonly given: DoorOption; readonly door: Door } | undefined = undefined;

  constructor(id: string, spec: FullChildSpec, args: readonly unknown[], isDynamic: boolean) {
    this.id = id;
    this.spec = spec;
    this.args = args;
    this.isDynamic = isDynamic;
  }

  /** They may be large, and it is never restarted. Those of a template are for others too. */
  forgetArguments(): void {
    this.args = [];
    if (!this.isDynamic && this.spec.args.length > 0) this.spec = { ...this.spec, args: [] };
  }

  /** What its start is waiting for is not waited for any more. */
  cutStart(): void {
    this.turn++;
    this.abortStart?.('shutdown');
    this.abortStart = undefined;
  }

  /** What its spec says stands at the door of its process. What stood there before goes on. @throws as {@link Doors.open} */
  guard(doors: Doors): void {
    const { policy: given } = this.spec;
    if (this.#guard !== undefined && this.#guard.given !== given) this.unguard(doors);
    if (given === undefined || this.process === undefined) return;
    this.#guard ??= { given, door: doors.open(given, this.process.address) };
    this.process.guard(this.#guard.door);
  }

  /** Its place is given up, or begins anew. */
  unguard(doors: Doors): void {
    if (this.#guard !== undefined) doors.close(this.#guard.door);
    this.#guard = undefined;
  }

  get status(): ChildStatus {
    if (this.phase === 'starting' || this.phase === 'stopping') return 'running';
    return this.phase;
  }

  /** How long it may take to stop, in ms. */
  get waitMs(): number {
    return typeof this.spec.shutdown === 'number' ? this.spec.shutdown : Number.POSITIVE_INFINITY;
  }

  get wait(): Waits {
    this.waits ??= { count: 0, startedMs: Number.POSITIVE_INFINITY, timer: undefined };
    return this.waits;
  }

  /** How long it waits before it starts again, if it has a backoff: anew once it has run for long enough. */
  nextWaitMs(nowMs: number, random: () => number): number | undefined {
    const { backoff } = this.spec;
    if (!backoff) return undefined;
    const { wait } = this;
    if (nowMs - wait.startedMs >= backoff.resetAfterMs) wait.count = 0;
    wait.startedMs = Number.POSITIVE_INFINITY;
    return restartDelay(wait.count++, random(), backoff);
  }

  /** OTP's rule of which ends are reported: one that was in order on its own account is, of a permanent child only. */
  isEndInOrder(reason: ExitReason): boolean {
    return reason === this.order || (this.spec.restart !== 'permanent' && isCleanExit(reason));
  }

  get significant(): boolean {
    return this.spec.significant;
  }
}
