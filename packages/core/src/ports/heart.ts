/**
 * Says that this node lives, from outside its event loop: a busy loop must be seen as what it is, not taken for death. Real:
 * a thread with a connection of its own (`@jaegis/nats`); in memory: `@jaegis/sim`.
 *
 * Obligations: from {@link Heart.start} on a {@link Beat} is published on `jaegis.<cluster>.beat.<id>` every
 * {@link HeartOptions.everyMs}, also while the event loop does not turn, and each message to
 * `jaegis.<cluster>.node.<id>.<incarnation>.ping` with a reply subject is answered with one. What is published on
 * `jaegis.<cluster>.loop.<id>.<incarnation>` over the connection of the actors counts as that path's sign of life.
 * Beats are JSON. Lost connections come back by themselves; beats are never kept to be sent later.
 */
import type { Member } from '../values/view.ts';

export interface HeartOptions {
  readonly cluster: string;
  /** Default 100. */
  readonly everyMs?: number;
  /** From when on a loop that does not turn stands still, in ms; then it is said at once, and the actor named. Default 300. */
  readonly stalledAfterMs?: number;
  /** The address of the actor that runs at this moment. Called while the loop stands still: it only reads. */
  readonly running?: () => string | undefined;
}

export interface Heart {
  /** Beats as this life of the node from now on, instead of a former one. Resolves when pings are answered. */
  start(self: Member): Promise<void>;
  /** The event loop turns; to be called every {@link HeartOptions.everyMs}. */
  turn(load: Load): void;
  stop(): Promise<void>;
}

/** Of a node that is no member: nobody asks whether it lives. */
export const noHeart: Heart = { start: async () => {}, turn() {}, stop: async () => {} };

/** What a node says of itself at each turn. */
export interface Load {
  /** Of the health log, as far as this node has applied it. */
  readonly index: number;
  readonly epoch: number;
  /** Messages that wait in all mailboxes. */
  readonly waiting: number;
  readonly heapBytes: number;
  /** False: it lives, but cannot do its work; see `missing`. */
  readonly ready: boolean;
  /** What it needs and lacks, by name. */
  readonly missing?: readonly string[];
}

/** A sign of life. */
export interface Beat extends Load {
  readonly id: string;
  readonly incarnation: string;
  /** Since the event loop last turned, in ms. */
  readonly loopMs: number;
  /** Since the last sign of life over the connection of the actors, in ms. */
  readonly pathMs: number;
  /** The address of the actor that has run since, where that is known and the loop stands still. */
  readonly actor?: string;
  /** Where in the code it stands, likewise: a function and a line. */
  readonly at?: string;
}
