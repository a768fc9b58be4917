/** From the most urgent. */
export type TrafficClass = 'control' | 'interactive' | 'bulk';

/**
 * How much may go to each destination, and whose turn it is. Real: `Bandwidth` (`@jaegis/resilience`).
 *
 * Obligations: each class has its share for sure, however much of others waits; within a class the order is kept. What
 * is larger than all that may go at once goes all the same, and what comes after it pays.
 */
export interface TrafficShaper {
  /**
   * @returns Whether it may go at once; where not, nothing was taken.
   * @throws OverloadedError for a destination too many.
   */
  tryTake(destination: string, traffic: TrafficClass, bytes: number): boolean;
  /** Resolves when it may go. Rejects with OverloadedError where too many wait, CancelledError where the signal aborts. */
  take(destination: string, traffic: TrafficClass, bytes: number, signal?: AbortSignal): Promise<void>;
  /** It goes whether it may or not: its class has less then. Never throws. */
  spend(destination: string, traffic: TrafficClass, bytes: number): void;
}

/** What one node may send to each other node. */
export interface NetworkBounds {
  readonly shaper: TrafficShaper;
  /** A message or answer of so many bytes is bulk. */
  readonly bulkBytes: number;
}
