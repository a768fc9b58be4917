import type { Codec, Logger, NodeId, Subscription, Transport, WaitProbe, WaitProbes } from '@jaegis/core';

export interface ProbePostOptions {
  readonly cluster: string;
  readonly node: NodeId;
  readonly transport: Transport;
  readonly codec: Codec;
  readonly logger: Logger;
}

/**
 * Carries the probes of the deadlock detector between nodes: small, at most once, and in the control lane, since a node
 * that is busy is where they are needed.
 */
export class ProbePost implements WaitProbes {
  readonly #options: ProbePostOptions;

  constructor(options: ProbePostOptions) {
    this.#options = options;
  }

  send(node: NodeId, probe: WaitProbe): void {
    const { transport, codec, logger } = this.#options;
    try {
      transport.publish(this.#subjectOf(node), codec.encode(probe), { lane: 'control' });
    } catch (error) {
      logger.debug('a probe for deadlocks was not sent', { node, error });
    }
  }

  onProbe(listener: (probe: WaitProbe) => void): Subscription {
    const { transport, codec, node } = this.#options;
    return transport.subscribe(this.#subjectOf(node), ({ data }) => {
      listener(codec.decode(data) as WaitProbe); // written by `send` of a node of this cluster
    });
  }

  #subjectOf(node: NodeId): string {
    return `jaegis.${this.#options.cluster}.probe.${node}`;
  }
}
