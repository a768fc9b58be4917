import type { DoorOption } from '../door/door-policy.ts';
import type { MailboxMemory } from './mailbox-memory.ts';
import type { StandardSchema } from './standard-schema.ts';

/** How the kernel treats the actors of one definition, whatever they are made of. */
export interface KernelOptions {
  /** `memory` (default): the last good state survives a restart. `none`: a restart begins anew. */
  readonly preserve?: 'memory' | 'none';
  readonly mailbox?: {
    /** Messages that may wait. Default 10,000. */
    readonly limit?: number;
    /** Default `refuse`: the sender gets `overloaded`. What is dropped becomes a dead letter; asks are told. */
    readonly whenFull?: WhenFull;
    /**
     * What its messages may hold, with all others of the same budget, from their arrival until their turns are over. What
     * the budget refuses is refused as by a full mailbox; `drop-oldest` drops the newest here too, since an older one may
     * be of another tenant. Default: as the node's option `memory` says, else not counted.
     */
    readonly memory?: MailboxMemory;
  };
  /** How long an async handler may take, in ms; then it is a crash. Default 60,000. */
  readonly handlerTimeoutMs?: number;
  /**
   * Without a message for so long, in ms, it leaves memory but for its address and its preserved state; a durable entity
   * altogether. Default: never; of durable entities 120,000.
   */
  readonly passivateAfterMs?: number;
  /** How often the message that crashed the actor is tried, in all, before it is dead-lettered. Default: once. */
  readonly retry?: { readonly attempts: number; readonly delayMs?: number };
  /** By message type: checked where a message comes from outside the process, or always. */
  readonly schema?: Readonly<Record<string, StandardSchema>>;
  /** Default `boundary`. */
  readonly validate?: 'boundary' | 'always';
  /** The version of the state's form. Default 1. */
  readonly version?: number;
  /** Brings a state of an older version to this one. May throw; the old state is then kept as it was. */
  readonly migrate?: (state: never, fromVersion: number) => unknown;
  /** Asks that come back within one chain of asks are handled while the first one waits. Default false. */
  readonly reentrant?: boolean;
  /** In a deadlock the ask of the actor with the lowest priority is given up. Default 0. */
  readonly priority?: number;
  /** How many of its last messages the flight recorder keeps. Default 16; 0 is off. */
  readonly record?: number;
  /** What of a message or state may stand in reports and dead letters. Default: all of it. */
  readonly redact?: (value: unknown) => unknown;
  /** Of a durable entity: how much of its past is kept, besides what the node's `history` option bounds. */
  readonly history?: HistoryLimits;
  /** Exit signals become messages to `signals.exit`. Default false. */
  readonly trapExits?: boolean;
  /**
   * Stands at the door of all actors of the type on a node, and lives as long as that: each ask that arrives, from
   * whichever node, goes through it. Options, of which the node makes its own, named after the type; or a policy that is
   * ready. What its fallbacks give is answered as if the actor had. Tells and sends are not guarded. Default: none.
   */
  readonly policy?: DoorOption;
  /** Of a durable entity: where it may live. Default: on any node. All nodes must say the same. */
  readonly placement?: PlacementNeeds;
}

/** What a node must have to be the home of something. */
export interface PlacementNeeds {
  /** All of these, as the node's option `labels` names them. Default: none. */
  readonly labels?: readonly string[];
}

/** The newest turn, which holds the state, is always kept. */
export interface HistoryLimits {
  /** Turns at most: every such turn drops all before it. Default: as the node's `history` option says. */
  readonly turns?: number;
  /**
   * The first turn in each period of so many ms (since 1970, by the node's clock) drops all before it, so that a turn
   * never stands beside one that is older than that. An entity that is quiet keeps what it has. Default: no bound.
   */
  readonly ms?: number;
}

export type WhenFull = 'refuse' | 'drop-oldest' | 'drop-newest';
