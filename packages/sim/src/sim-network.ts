/**
 * A NATS server in memory, as far as the transport port shows it, with its faults. Every node has one connection to it;
 * all that a node sends or asks goes up that connection in order, and all that it gets comes down in order.
 */
import type { Backlog, Clock, Delivery, Random } from '@jaegis/core';
import { Lane } from './lane.ts';
import { subjectMatches } from './subject.ts';

export interface Latency {
  readonly minMs: number;
  readonly maxMs: number;
}

export interface SimSubscription {
  readonly subject: string;
  readonly queue: string | undefined;
  readonly deliver: (delivery: Delivery) => void;
}

export interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly replyTo: string | undefined;
}

/** One node's connection. `lost` once it has crashed or closed: another one may come under the same name. */
export class SimLink {
  readonly node: string;
  readonly up: Lane;
  readonly down: Lane;
  readonly subscriptions = new Set<SimSubscription>();
  state: 'connected' | 'disconnected' | 'closed' | 'crashed' = 'connected';
  /** Who wants to know that the node reads too slowly. */
  readonly slowListeners = new Set<(backlog: Backlog) => void>();
  readonly #listeners = new Set<() => void>();

  constructor(node: string, up: Lane, down: Lane) {
    this.node = node;
    this.up = up;
    this.down = down;
  }

  /** Calls back after each change of {@link state} but a crash, which nobody is left to hear of. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  change(state: SimLink['state']): void {
    if (this.state === state || this.state === 'closed' || this.state === 'crashed') return;
    this.state = state;
    if (state !== 'connected') {
      this.subscriptions.clear();
      this.up.cut();
      this.down.cut();
    }
    if (state === 'crashed') this.#listeners.clear();
    for (const listener of [...this.#listeners]) listener();
  }
}

export class SimNetwork {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #latency: Latency;
  readonly #links = new Map<string, SimLink>();
  readonly #cuts = new Set<string>();

  constructor(clock: Clock, random: Random, latency: Latency) {
    this.#clock = clock;
    this.#random = random;
    this.#latency = latency;
  }

  /** A new connection of this node; the one it had, if any, ends as in a crash. */
  connect(node: string): SimLink {
    this.crash(node);
    const lane = () => new Lane(this.#clock, () => this.#draw());
    const link = new SimLink(node, lane(), lane());
    this.#links.set(node, link);
    return link;
  }

  /** The node's process dies: its subscriptions are gone at once, what it asked for is never answered. */
  crash(node: string): void {
    this.#links.get(node)?.change('crashed');
    this.#links.delete(node);
  }

  /** The node loses its connection, with what is under way on it, until {@link reconnect}. */
  disconnect(node: string): void {
    this.#links.get(node)?.change('disconnected');
  }

  reconnect(node: string): void {
    this.#links.get(node)?.change('connected');
  }

  /** The node is told that it reads more slowly than messages come. */
  overrun(node: string, backlog: Backlog): void {
    for (const listener of this.#links.get(node)?.slowListeners ?? []) listener(backlog);
  }

  /** Messages between the two are dropped silently, both ways, until {@link heal}. */
  cut(a: string, b: string): void {
    this.#cuts.add(pair(a, b));
  }

  heal(a: string, b: string): void {
    this.#cuts.delete(pair(a, b));
  }

  healAll(): void {
    this.#cuts.clear();
  }

  /** What the server does with a message that has reached it. */
  route(from: SimLink, message: Message): void {
    const chosen = this.#receivers(message.subject);
    for (const [link, subscription] of chosen) {
      if (!this.#cuts.has(pair(from.node, link.node))) {
        this.#hand(link, subscription, { ...message, noResponders: false });
      }
    }
    if (chosen.length === 0 && message.replyTo !== undefined) this.#tellNobodyListens(from, message.replyTo);
  }

  #receivers(subject: string): [SimLink, SimSubscription][] {
    const all: [SimLink, SimSubscription][] = [];
    const queues = new Map<string, [SimLink, SimSubscription][]>();
    for (const link of this.#links.values()) {
      for (const subscription of link.subscriptions) {
        if (!subjectMatches(subscription.subject, subject)) continue;
        const group = subscription.queue === undefined ? all : (queues.get(subscription.queue) ?? []);
        group.push([link, subscription]);
        if (subscription.queue !== undefined) queues.set(subscription.queue, group);
      }
    }
    for (const group of queues.values()) {
      const one = group[Math.floor(this.#random.next() * group.length)];
      if (one !== undefined) all.push(one);
    }
    return all;
  }

  /** As nats-server does, to the asker's own subscriptions only. */
  #tellNobodyListens(asker: SimLink, replyTo: string): void {
    for (const subscription of asker.subscriptions) {
      if (subscription.queue !== undefined || !subjectMatches(subscription.subject, replyTo)) continue;
      this.#hand(asker, subscription, {
        subject: replyTo,
        data: new Uint8Array(),
        replyTo: undefined,
        noResponders: true,
      });
    }
  }

  #hand(link: SimLink, subscription: SimSubscription, delivery: Delivery): void {
    link.down.carry(() => subscription.deliver({ ...delivery, data: new Uint8Array(delivery.data) }));
  }

  #draw(): number {
    const { minMs, maxMs } = this.#latency;
    return minMs + (maxMs - minMs) * this.#random.next();
  }
}

function pair(a: string, b: string): string {
  return a < b ? `${a}\n${b}` : `${b}\n${a}`;
}
