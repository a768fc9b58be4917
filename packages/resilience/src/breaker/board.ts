/** What the breakers of one name, on all nodes of a cluster, tell each other. */

export interface BreakerNotice {
  /** The breaker's, the same on all nodes. */
  readonly name: string;
  /** The node that tells. */
  readonly by: string;
  readonly state: 'open' | 'closed';
  /** Where it opened: how long until probes are let through, in ms. */
  readonly waitMs: number;
  /** It was so before this breaker began to listen: a former life of the same node may have found it. Default false. */
  readonly isOld?: boolean;
}

/** A place of a probe. */
export interface ProbePlace {
  /** The probe is over. May be called again. */
  release(): void;
}

/**
 * The port to whatever the nodes share. Nobody waits for it but probes: it is never asked for a call to something that
 * works.
 */
export interface BreakerBoard {
  /** Tells the others. It may be lost, so each breaker decides by itself too. It must not throw. */
  publish(notice: BreakerNotice): void;
  /** @returns Ends it. */
  watch(name: string, listener: (notice: BreakerNotice) => void): () => void;
  /**
   * Asks for a place of the probes of this name over the whole cluster.
   * @param most How many there are. @param leaseMs After that it is free again, released or not.
   * @returns Undefined where none is free. Rejects where the board cannot be reached: then a node decides by itself.
   */
  claim(name: string, most: number, leaseMs: number): Promise<ProbePlace | undefined>;
}
