/**
 * A NATS server in memory, as far as the transport port shows it, with its faults. Every node has one connection to it,
 * and its heart has another; all that is sent or asked goes up a connection in order, and all that it gets comes down in
 * order. Faults are those of a node, so of both, where nothing else is said.
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

/** Whose connection it is: that of the node's event loop, or of the heart beside it. */
export type Part = 'actors' | 'heart';

/** One connection of a node. `lost` once it has crashed or closed: another one may come under the same name. */
export class SimLink {
  readonly node: string;
  readonly up: Lane;
  readonly down: Lane;
  readonly subscriptions = new Set<SimSubscription>();
  state: 'connected' | 'disconnected' | 'closed' | 'crashed' = 'connected';
  /** Who holds it does nothing at present. */
  isHung = false;
  /** The connection swallows all that goes through it, both ways. */
  isCut = false;
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

  hang(): void {
    this.isHung = true;
    this.up.hold();
    this.down.hold();
  }

  wake(): void {
    this.isHung = false;
    this.up.release();
    this.down.release();
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

  /** A new connection of this node; that of the former life of its event loop ends, with its heart's, as in a crash. */
  connect(node: string, part: Part = 'actors'): SimLink {
    if (part === 'actors') this.crash(node);
    else this.#links.get(keyOf(node, part))?.change('crashed');
    const lane = () => new Lane(this.#clock, () => this.#draw());
    const link = new SimLink(node, lane(), lane());
    this.#links.set(keyOf(node, part), link);
    return link;
  }

  /** The node's process dies: its subscriptions are gone at once, what it asked for is never answered. */
  crash(node: string): void {
    for (const link of this.#linksOf(node)) link.change('crashed');
    for (const part of parts) this.#links.delete(keyOf(node, part));
  }

  /** The node loses its connection, with what is under way on it, until {@link reconnect}. */
  disconnect(node: string, only?: Part): void {
    for (const link of this.#linksOf(node, only)) link.change('disconnected');
  }

  reconnect(node: string, only?: Part): void {
    for (const link of this.#linksOf(node, only)) link.change('connected');
  }

  /** The node's process stands still until {@link thaw}; what reaches it waits. */
  freeze(node: string): void {
    for (const link of this.#linksOf(node)) link.hang();
  }

  thaw(node: string): void {
    for (const link of this.#linksOf(node)) link.wake();
  }

  /** The node's event loop stands still until {@link wake}, its heart goes on. */
  hang(node: string): void {
    for (const link of this.#linksOf(node, 'actors')) link.hang();
  }

  wake(node: string): void {
    for (const link of this.#linksOf(node, 'actors')) link.wake();
  }

  /** The connection of the node's actors swallows what they send and get, until {@link healPath}; nobody is told. */
  cutPath(node: string): void {
    for (const link of this.#linksOf(node, 'actors')) link.isCut = true;
  }

  healPath(node: string): void {
    for (const link of this.#linksOf(node, 'actors')) link.isCut = false;
  }

  /** The node is told that it reads more slowly than messages come. */
  overrun(node: string, backlog: Backlog): void {
    for (const link of this.#linksOf(node, 'actors')) for (const listener of link.slowListeners) listener(backlog);
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
    if (from.isCut) return;
    const chosen = this.#receivers(message.subject);
    for (const [link, subscription] of chosen) {
      if (!link.isCut && !this.#cuts.has(pair(from.node, link.node))) {
        this.#hand(link, subscription, { ...message, noResponders: false });
      }
    }
    if (chosen.length === 0 && message.replyTo !== undefined) this.#tellNobodyListens(from, message.replyTo);
  }

  #linksOf(node: string, only?: Part): SimLink[] {
    const wanted = only === undefined ? parts : [only];
    return wanted.flatMap((part) => this.#links.get(keyOf(node, part)) ?? []);
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

const parts: readonly Part[] = ['actors', 'heart'];

function keyOf(node: string, part: Part): string {
  return `${node}\n${part}`;
}

function pair(a: string, b: string): string {
  return a < b ? `${a}\n${b}` : `${b}\n${a}`;
}
