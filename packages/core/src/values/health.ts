/** What nodes say about each other, and what the cluster has agreed on. Plain data: it is in the health log as it is. */
import type { Member } from './view.ts';

/**
 * What the cluster has agreed on for one member; it changes only through the health log. `suspect`: some of its watchers
 * miss it. `unreachable`: a majority agrees that it is missed. `degraded`: it lives, but its event loop stands still or
 * something that it needs is away. `draining`: it hands over and will leave. `down`: its life is over, whatever it does.
 */
export type HealthStatus = 'alive' | 'suspect' | 'unreachable' | 'degraded' | 'draining' | 'down';

/**
 * What one node sees of another. `silent`: no sign of life for too long. `gone`: the server says that nobody listens at
 * its address. `stalled`: it lives, but its event loop has not turned for a while. `cut_off`: it lives, but what it
 * sends over the connection of its actors does not arrive. `not_ready`: something that it needs is away.
 */
export type Sight = 'alive' | 'silent' | 'gone' | 'stalled' | 'cut_off' | 'not_ready';

/** One observer's evidence, with what it rests on. */
export interface Observation {
  readonly of: Pick<Member, 'id' | 'incarnation'>;
  readonly by: Pick<Member, 'id' | 'incarnation'>;
  readonly sees: Sight;
  /** Since the last sign of life, in ms. */
  readonly silentMs: number;
  /** Of the phi-accrual detector; 0 where it does not judge. */
  readonly phi: number;
  /** How long the observed node's event loop has not turned, in ms, as its own thread says. */
  readonly loopMs?: number;
  /** How long what it sends over the connection of its actors has not arrived, in ms, as its own thread says. */
  readonly pathMs?: number;
  /** Which actor ran when its event loop stopped to turn, where that is known: an address. */
  readonly actor?: string;
  /** Where in the code it stood then: a function and a line. */
  readonly at?: string;
  /** What is away, where it is not ready. */
  readonly missing?: readonly string[];
}
