import { type NodeId, removeWait, type WaitEdge, type Waiter } from '@jaegis/core';
import { nextSequence } from '../run/ask.ts';

/** An ask of the wait graph, as long as it is not settled. */
export interface OpenWait extends WaitEdge {
  readonly isOpen: boolean;
}

/**
 * The handler that asks, given along with its ask to whoever takes that where it goes. Each attempt to reach the
 * receiver is a wait of its own.
 */
export interface Asker {
  readonly waiter: Waiter;
  /** The ask that it was handling. */
  readonly cause: WaitEdge | undefined;
  /** From now on it waits for this ask, if it is not over. */
  waitFor(ask: OpenWait): void;
}

/** An ask that went to another node, as the wait graph of this one sees it: it leads to a stand-in of its receiver. */
export class FarWait implements OpenWait {
  readonly from: Waiter;
  readonly to: Waiter;
  readonly message: { readonly type: string };
  readonly sequence = nextSequence();
  readonly cause: WaitEdge | undefined;
  waiting = false;
  nextWait: WaitEdge | undefined = undefined;
  previousWait: WaitEdge | undefined = undefined;
  isOpen = true;
  readonly #giveUp: (error: unknown) => void;

  /** @param giveUp The asker gets this error, and the receiver is told that nobody waits. */
  constructor(
    asker: Asker,
    receiver: { readonly address: string; readonly node: NodeId },
    message: { readonly type: string },
    giveUp: (error: unknown) => void,
  ) {
    const { address, node } = receiver;
    this.from = asker.waiter;
    this.to = { waits: undefined, address, priority: 0, reentrant: false, node };
    this.message = message;
    this.cause = asker.cause;
    this.#giveUp = giveUp;
  }

  fail(error: unknown): void {
    if (!this.isOpen) return;
    this.settle();
    this.#giveUp(error);
  }

  /** Its reply is there, or will not come. */
  settle(): void {
    this.isOpen = false;
    removeWait(this);
  }
}
