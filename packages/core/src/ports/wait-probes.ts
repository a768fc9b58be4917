/**
 * What nodes tell each other to find cycles of waiting asks that run across them (edge chasing after Chandy, Misra and
 * Haas). Used by the deadlock detector of `@jaegis/actors`, supplied by the cluster.
 *
 * Obligations: a probe arrives at the node it was sent to, at most once, as deep-equal data, or not at all; order does
 * not matter. `send` neither waits nor throws, also when the node is gone or this one cannot send. A listener is called
 * with each probe that was sent to this node.
 */

import type { WaitStep } from '../rules/deadlock.ts';
import type { NodeId } from '../values/node-id.ts';
import type { Subscription } from './transport.ts';

export interface WaitProbes {
  send(node: NodeId, probe: WaitProbe): void;
  onProbe(listener: (probe: WaitProbe) => void): Subscription;
}

/**
 * `seek` travels along waiting asks; when it comes back to its first one they are a cycle, or were one while it was
 * under way. `confirm` goes round once more, and when it has found all of them still waiting the victim is given up.
 */
export type WaitProbe =
  | {
      readonly kind: 'seek';
      /** Tells this probe from others that began at the same ask. */
      readonly round: number;
      /** From the ask it began at, to the one whose answer the receiver owes. */
      readonly path: readonly ProbeStep[];
    }
  | {
      readonly kind: 'confirm';
      /** The whole cycle. Begins where it enters the node of the victim. */
      readonly path: readonly ProbeStep[];
      /** The first step that is still to be confirmed; the length of the path when none is. */
      readonly at: number;
    };

/** A waiting ask, as a probe carries it. */
export interface ProbeStep extends WaitStep {
  /** Names the ask in the cluster; it travels with the ask. */
  readonly ask: string;
  /** Where the asker is. */
  readonly node: NodeId;
  /** Set when the ask went to another node: which. */
  readonly leadsTo?: NodeId;
}
