/** The heart of a simulated node: beats over a connection of its own, also while the event loop of its node hangs. */
import {
  defaultHealth,
  encodeBeat,
  type Heart,
  Heartbeat,
  type HeartbeatSettings,
  type HeartOptions,
  type Load,
  type Member,
  type Timer,
  type Transport,
} from '@jaegis/core';
import type { SimLink } from './sim-link.ts';
import type { SimNetwork } from './sim-network.ts';

export interface SimHeartOptions extends HeartOptions {
  readonly node: string;
  readonly network: SimNetwork;
  /** The connection of the event loop. */
  readonly loop: SimLink;
  readonly connect: (link: SimLink) => Transport;
}

/** A change is noticed so often between two beats. */
const LOOKS = 2;

export class SimHeart implements Heart {
  readonly #options: SimHeartOptions;
  readonly #settings: HeartbeatSettings;
  #link: SimLink | undefined;
  #transport: Transport | undefined;
  #beating: Heartbeat | undefined;
  #timer: Timer | undefined;
  #looks = 0;
  #wasStalled = false;

  constructor(options: SimHeartOptions) {
    const { everyMs = defaultHealth.beatMs, stalledAfterMs = defaultHealth.stalledAfterMs } = options;
    this.#options = options;
    this.#settings = { stalledAfterMs, lookMs: everyMs / LOOKS };
  }

  async start(self: Member): Promise<void> {
    const { network, node, connect, cluster } = this.#options;
    await this.stop();
    if (this.#options.loop.state === 'crashed') return new Promise(() => {});
    this.#link = network.connect(node, 'heart');
    const { clock } = this.#link;
    const beating = new Heartbeat(self, clock.monotonic(), this.#settings);
    this.#beating = beating;
    const transport = connect(this.#link);
    this.#transport = transport;
    transport.onStatus(() => beating.heard(clock.monotonic()));
    const life = `${self.id}.${self.incarnation}`;
    transport.subscribe(`jaegis.${cluster}.loop.${life}`, () => beating.heard(clock.monotonic()));
    transport.subscribe(`jaegis.${cluster}.node.${life}.ping`, ({ replyTo }) => {
      if (replyTo !== undefined) this.#say(replyTo);
    });
    await transport.flush();
    if (this.#transport === transport) this.#look();
  }

  turn(load: Load): void {
    if (this.#link !== undefined && !this.#options.loop.isHung)
      this.#beating?.turned(this.#link.clock.monotonic(), load);
  }

  async stop(): Promise<void> {
    this.#link?.clock.clearTimer(this.#timer);
    const transport = this.#transport;
    this.#transport = undefined;
    this.#beating = undefined;
    await transport?.close();
  }

  #look(): void {
    const { cluster, running } = this.#options;
    const [beating, link] = [this.#beating, this.#link];
    if (beating === undefined || link === undefined) return;
    const { clock } = link;
    this.#timer = clock.setTimer(this.#settings.lookMs, () => this.#look());
    const isStalled = beating.isStalled(clock.monotonic());
    const actor = isStalled ? running?.() : undefined;
    if (actor !== undefined) beating.named({ actor });
    if (this.#looks++ % LOOKS === 0 || isStalled !== this.#wasStalled) {
      this.#say(`jaegis.${cluster}.beat.${beating.self.id}`);
    }
    this.#wasStalled = isStalled;
  }

  #say(subject: string): void {
    if (!this.#transport?.connected || this.#beating === undefined || this.#link === undefined) return;
    const beat = encodeBeat(this.#beating.beat(this.#link.clock.monotonic()));
    this.#transport.publish(subject, beat, { lane: 'control' });
  }
}
