/**
 * A policy as a node sees it: what it tells, what state it is in, and what an operator may have done with it. Real: that of
 * `@jaegis/resilience`.
 */
export interface NodePolicy {
  readonly name: string;
  inspect(): PolicyView;
  /** @returns Takes the listener back. */
  onEvent(listener: (event: PolicyNews) => void): () => void;
  /** Does all that is ordered, or nothing where it throws. Undefined: it takes no orders. @throws InvalidConfigError */
  obey?(order: PolicyOrder): void;
}

/** What a part of a policy did. Besides there is what its type has to say. */
export interface PolicyNews {
  readonly type: string;
  /** Its name. */
  readonly policy: string;
}

/** What guards the calls to one dependency, or the door of actors. */
export interface PolicyView {
  readonly name: string;
  /** From the outside in. The state is what the part says of itself. */
  readonly parts: readonly { readonly name: string; readonly state: unknown }[];
}

/** What an operator wants of a policy, from outside of its process: plain data. */
export interface PolicyOrder {
  /** Options to change, as `{ breaker: { openMs: 5_000 }, timeoutMs: 100 }`; the others stay. */
  readonly set?: Readonly<Record<string, unknown>> | undefined;
  /** What is to become of its breaker, after that. */
  readonly breaker?: BreakerOrder | undefined;
}

/** `open` and `disable` hold until `reset`, which closes it with a clean window. `forget`: what it has learned. */
export type BreakerOrder = (typeof breakerOrders)[number];

export const breakerOrders = ['open', 'disable', 'reset', 'forget'] as const;
