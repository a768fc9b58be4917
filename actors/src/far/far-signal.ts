/** What nodes tell each other about the bonds between their processes. Plain data; paths are those of the nodes. */
import { type ErrorData, type ExitReason, errorFromData, errorToData } from '@jaegis/core';

/** An exit reason on its way: what it was, or an error as data. */
export type FarReason = { readonly error: ErrorData } | { readonly value: unknown };

/** Of a group, a process by its path, and by how many times more, or fewer, it is in it. */
export type MemberChange = readonly [group: string, path: string, by: 1 | -1];

/** To a node that runs a child. `guest` is the child's number there, `turn` counts its starts. */
export type GuestSignal =
  | {
      readonly kind: 'start';
      readonly guest: number;
      readonly turn: number;
      /** Of its place under its supervisor. */
      readonly path: string;
      readonly type: string;
      readonly input: unknown;
      readonly startTimeoutMs: number;
    }
  /** It is to end by the reason, and killed after the time; at once without one. */
  | {
      readonly kind: 'stop';
      readonly guest: number;
      readonly turn: number;
      readonly reason: FarReason;
      readonly waitMs: number | undefined;
    }
  /** An exit signal; `sent` as of processes. */
  | {
      readonly kind: 'guestExit';
      readonly guest: number;
      readonly turn: number;
      readonly from: string | undefined;
      readonly reason: FarReason;
      readonly sent: boolean;
    }
  /** It is not started again there. */
  | { readonly kind: 'release'; readonly guest: number };

/** From a node that runs a child. */
export type HostSignal =
  | { readonly kind: 'started'; readonly guest: number; readonly turn: number; readonly isIgnored: boolean }
  | {
      readonly kind: 'unstarted';
      readonly guest: number;
      readonly turn: number;
      readonly reason: FarReason;
      /** The node has no such definition. */
      readonly isUnknown: boolean;
    }
  | { readonly kind: 'ended'; readonly guest: number; readonly turn: number; readonly reason: FarReason };

/**
 * A link is known by its ties: the node that makes it names one, and both do when both make it at the same time. An exit
 * signal names the ties that it comes over, so that one of a former link is told from one of the present.
 */
export type FarSignal =
  | GuestSignal
  | HostSignal
  | { readonly kind: 'link'; readonly tie: string; readonly from: string; readonly to: string }
  | { readonly kind: 'unlink'; readonly ties: readonly string[]; readonly from: string; readonly to: string }
  /** The process `from` has ended. */
  | {
      readonly kind: 'exit';
      readonly ties: readonly string[];
      readonly from: string;
      readonly to: string;
      readonly reason: FarReason;
    }
  /** Somebody, `from` if it is an actor, sends an exit signal. */
  | {
      readonly kind: 'order';
      readonly from: string | undefined;
      readonly to: string;
      readonly reason: FarReason;
    }
  /** The sender counts these, so that one which comes twice is known. */
  | { readonly kind: 'group'; readonly number: number; readonly changes: readonly MemberChange[] }
  /** The sender chooses the number. */
  | { readonly kind: 'monitor'; readonly id: number; readonly to: string }
  | { readonly kind: 'demonitor'; readonly id: number }
  | { readonly kind: 'down'; readonly id: number; readonly reason: FarReason };

export function farReason(reason: ExitReason): FarReason {
  return reason instanceof Error ? { error: errorToData(reason) } : { value: reason };
}

export function reasonFrom(reason: FarReason): ExitReason {
  return 'error' in reason ? errorFromData(reason.error) : reason.value;
}
