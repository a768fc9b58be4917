import type { Announcement } from '@jaegis/actors';
import type { Clock, Logger, Subscription, Transport } from '@jaegis/core';

/** What observers hear: announcements of actors and the runtime's own events, with the node and time of their origin. */
export interface ClusterEvent extends Announcement {
  readonly node: string;
  /** Milliseconds since 1970 by that node's clock. */
  readonly timeMs: number;
}

export interface EventsOptions {
  readonly cluster: string;
  readonly node: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Publishes events as plain JSON, at most once, to whoever listens on `jaegis.<cluster>.event`. */
export class Events {
  readonly #options: EventsOptions;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();

  constructor(options: EventsOptions) {
    this.#options = options;
  }

  publish(event: Announcement): void {
    const { cluster, node, transport, clock, logger } = this.#options;
    try {
      const text = JSON.stringify({ ...event, node, timeMs: clock.now() });
      transport.publish(`jaegis.${cluster}.event`, this.#encoder.encode(text));
    } catch (error) {
      logger.debug('event not published', { event: event.type, error });
    }
  }

  subscribe(listener: (event: ClusterEvent) => void): Subscription {
    const { cluster, transport } = this.#options;
    return transport.subscribe(`jaegis.${cluster}.event`, ({ data }) => {
      listener(JSON.parse(this.#decoder.decode(data)) as ClusterEvent); // written by publish
    });
  }
}
