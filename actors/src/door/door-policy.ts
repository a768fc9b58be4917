/** What may stand at the door of actors, and who makes it. */
import type { NodePolicy } from '@jaegis/core';
import type { AskPolicy } from '../run/ask-policy.ts';

/** A policy that is ready, as `createPolicy` of the package `jaegis` makes it. Doors that are given the same share its state. */
export interface DoorPolicy extends AskPolicy<unknown>, NodePolicy {}

/**
 * The options of a policy, of which a node makes its own: {@link MakePolicy} knows which there are, and whoever supplies
 * that says so here.
 */
// biome-ignore lint/suspicious/noEmptyInterface: the package that makes policies declares the options in it
export interface PolicySettings {}

/**
 * Makes a policy of options.
 *
 * @param name The type or the address of the actors that it is for.
 * @throws InvalidConfigError with the path of the option that is not usable.
 */
export type MakePolicy = (settings: PolicySettings, name: string) => DoorPolicy;

/** What definitions and specs take: options, or a policy that is ready. */
export type DoorOption = PolicySettings | DoorPolicy;

/** Whether it need not be made. */
export function isReady(given: DoorOption): given is DoorPolicy {
  return 'run' in given && typeof given.run === 'function';
}
