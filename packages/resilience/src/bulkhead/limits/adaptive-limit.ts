/**
 * How many calls may be under way at once, learnt from how long they take: after Netflix' concurrency-limits, which
 * takes the idea from the congestion control of TCP. More than a server can do at once only wait there; their round trip
 * grows while nothing is gained.
 */
export interface AdaptiveLimit {
  /** How many calls at once. A whole number of at least 1. */
  readonly limit: number;
  /**
   * One call is over.
   *
   * @param rttMs How long it took, in ms, without what it waited here.
   * @param inFlight How many were under way when it began, itself among them.
   * @param didDrop It was refused for overload, or took longer than allowed. Its time says nothing then.
   * @returns The limit from now on.
   */
  onSample(rttMs: number, inFlight: number, didDrop: boolean): number;
}

/** Bounds that all limits share. */
export interface LimitBounds {
  /** Where it begins. Default 20. */
  readonly initial?: number;
  /** Never below. Default 1. */
  readonly min?: number;
  /** Never above. Default 1,000. */
  readonly max?: number;
}
