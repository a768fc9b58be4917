/**
 * What the event loop does for the heart beside it: says that it turns, and how it is; says so over the connection of the
 * actors, too; and answers direct questions there, so that a heart that has lost its own connection is no dead node.
 */
import type { Clock, Heart, Load, Logger, Member, Subscription, Timer, Transport } from '@jaegis/core';
import { loopSubject, pingSubject } from './questions.ts';

export interface PulseOptions {
  readonly cluster: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly heart: Heart;
  /** How this node is; asked at each turn. */
  readonly load: () => Load;
  /** Default 100. */
  readonly everyMs?: number;
}

const EMPTY = new Uint8Array(0);

export class Pulse {
  readonly #options: PulseOptions;
  #self: Member | undefined;
  #pings: Subscription | undefined;
  #timer: Timer | undefined;

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  /** As this life from now on. Resolves when it is heard and answers. */
  async start(self: Member): Promise<void> {
    const { transport, cluster, heart } = this.#options;
    this.#pings?.unsubscribe();
    this.#self = self;
    this.#pings = transport.subscribe(pingSubject(cluster, self), ({ replyTo }) => {
      if (replyTo !== undefined) this.#say(replyTo);
    });
    await Promise.all([transport.flush(), heart.start(self)]);
    if (this.#timer === undefined && this.#self !== undefined) this.#turn();
  }

  async stop(): Promise<void> {
    const { clock, heart } = this.#options;
    this.#self = undefined;
    this.#pings?.unsubscribe();
    clock.clearTimer(this.#timer);
    this.#timer = undefined;
    await heart.stop();
  }

  #turn(): void {
    const { clock, heart, load, cluster, everyMs = 100, logger } = this.#options;
    this.#timer = clock.setTimer(everyMs, () => this.#turn());
    if (this.#self === undefined) return;
    try {
      heart.turn(load());
    } catch (error) {
      logger.error('this node could not say how it is', { error });
    }
    this.#say(loopSubject(cluster, this.#self));
  }

  /** Never kept for a connection that is lost: it would say later that all was well now. */
  #say(subject: string): void {
    const { transport, logger } = this.#options;
    if (!transport.connected) return;
    try {
      transport.publish(subject, EMPTY, { lane: 'control' });
    } catch (error) {
      logger.debug('not said to the other members', { subject, error });
    }
  }
}
