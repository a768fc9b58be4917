import type { RestartBackoff, RestartType, Shutdown } from '@jaegis/core';
import type { DoorOption } from '../door/door-policy.ts';

export interface SpawnOptions {
  /** Unique among its siblings. Default: a number. */
  readonly name?: string;
  /** Default `permanent`. */
  readonly restart?: RestartType;
  /** How long it may take to stop. Default 5,000 ms. */
  readonly shutdown?: Shutdown;
  /** Given to the definition's `state` function. */
  readonly input?: unknown;
  /** A name of the node to register it under, before it takes its first message. */
  readonly register?: string;
  /** Waits between restarts. Default: none. */
  readonly backoff?: RestartBackoff;
  /** How long its start may take, in ms. Default 10,000. */
  readonly startTimeoutMs?: number;
  /**
   * Stands at its door, instead of that of its type: options, of which it is made and named after its address; or a policy
   * that is ready. Its state outlives restarts, and ends with the actor. Default: that of its type.
   */
  readonly policy?: DoorOption;
  /** Links it to the actor that spawns it. */
  readonly link?: boolean;
  /** Monitors it for the actor that spawns it. */
  readonly monitor?: boolean;
}
