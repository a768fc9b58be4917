/**
 * A NATS server in memory, as far as the transport port shows it, with its faults. Every node has one connection to it,
 * and its heart has another; all that is sent or asked goes up a connection in order, and what one sender sends comes
 * down in order. Faults are those of a node, so of both, where nothing else is said.
 */
import type { Backlog, Clock, Delivery, Random } from '@jaegis/core';
import { Effects } from './effects.ts';
import type { NodeClock } from './node-clock.ts';
import { SimLink, type SimSubscription } from './sim-link.ts';
import { SubjectTree } from './subject-tree.ts';

export interface Latency {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Whose connection it is: that of the node's event loop, or of the heart beside it. */
export type Part = 'actors' | 'heart';

export interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly replyTo: string | undefined;
}

/** What a message does on its way, for who looks on. */
export interface Sighting extends Message {
  readonly from: string;
  /** Where it is handed to; undefined: it has reached the server. */
  readonly to?: string;
}

export interface SimNetworkOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly latency: Latency;
  /** Whether messages of different senders may overtake each other on their way to one node. */
  readonly reorders: boolean;
}

interface Registered {
  readonly link: SimLink;
  readonly subscription: SimSubscription;
  /** In which they came. */
  readonly order: number;
}

export class SimNetwork {
  readonly #options: SimNetworkOptions;
  readonly #links = new Map<string, SimLink>();
  readonly #tree = new SubjectTree<Registered>();
  readonly #registered = new Map<SimLink, Map<SimSubscription, Registered>>();
  /** By sender and receiver. */
  readonly #cuts = new Effects<number>();
  /** By node. */
  readonly #losses = new Effects<number>();
  readonly #latencies = new Effects<Latency>();
  readonly #watchers = new Set<(sighting: Sighting) => void>();
  #order = 0;

  constructor(options: SimNetworkOptions) {
    this.#options = options;
  }

  /** A new connection of this node; that of the former life of its event loop ends, with its heart's, as in a crash. */
  connect(node: string, part: Part = 'actors'): SimLink {
    if (part === 'actors') this.crash(node);
    else for (const former of this.#linksOf(node, part)) this.#crash(former);
    const { clock, reorders } = this.#options;
    const link = new SimLink({ node, clock, reorders, latencyMs: () => this.#draw(node) });
    link.onChange(() => {
      if (link.state !== 'connected') this.#forget(link);
    });
    this.#links.set(keyOf(node, part), link);
    return link;
  }

  /** The node's process dies: its subscriptions are gone at once, what it asked for is never answered. */
  crash(node: string): void {
    for (const link of this.#linksOf(node)) this.#crash(link);
    for (const part of parts) this.#links.delete(keyOf(node, part));
  }

  /** The node loses its connection, with what is under way on it, until {@link reconnect}. */
  disconnect(node: string, only?: Part): void {
    for (const link of this.#linksOf(node, only)) {
      link.change('disconnected');
      this.#forget(link);
    }
  }

  reconnect(node: string, only?: Part): void {
    for (const link of this.#linksOf(node, only)) link.change('connected');
  }

  /** As the parts of the process see the time that has the node's connections now. */
  clocksOf(node: string): NodeClock[] {
    return this.#linksOf(node).map(({ clock }) => clock);
  }

  /**
   * The node's process stands still. @returns Lets it go on.
   * @param unsent Whether what it has just written waits too, as if it had been stopped before it wrote it. Default true.
   */
  freeze(node: string, unsent = true): () => void {
    return all(this.#linksOf(node).map((link) => link.freeze(unsent)));
  }

  /** The node's event loop stands still, and its heart goes on. @returns Lets it go on. */
  hang(node: string): () => void {
    return all(this.#linksOf(node, 'actors').map((link) => link.freeze(true)));
  }

  /** The node's connections swallow what goes this way. @returns Gives it back, in its order. */
  hold(node: string, way: 'up' | 'down', only?: Part): () => void {
    return all(this.#linksOf(node, only).map((link) => link.hold(way)));
  }

  /** What the node's actors send and get is lost, and nobody is told; what they ask of storage is not. @returns Ends that. */
  cutPath(node: string): () => void {
    const links = this.#linksOf(node, 'actors');
    for (const link of links) link.isCut = true;
    return () => {
      for (const link of links) link.isCut = false;
    };
  }

  /** The node is told that it reads more slowly than messages come. */
  overrun(node: string, backlog: Backlog): void {
    for (const link of this.#linksOf(node, 'actors')) for (const listener of link.slowListeners) listener(backlog);
  }

  /** Messages between the two are dropped silently, both ways, until {@link heal}. */
  cut(a: string, b: string): void {
    this.cutOneWay(a, b);
    this.cutOneWay(b, a);
  }

  healAll(): void {
    this.#cuts.clearAll();
  }

  /** Messages from the one to the other are dropped silently. @returns Ends that. */
  cutOneWay(from: string, to: string): () => void {
    return this.#cuts.add(way(from, to), 1);
  }

  heal(a: string, b: string): void {
    this.#cuts.clear(way(a, b));
    this.#cuts.clear(way(b, a));
  }

  /**
   * This share of the messages from and to the node is lost; what it asks of storage is not, since that is repeated by
   * the connection itself. @returns Ends that.
   */
  lose(node: string, share: number): () => void {
    return this.#losses.add(node, share);
  }

  /** So long are the ways between this node and the server. @returns Ends that. */
  slow(node: string, latency: Latency): () => void {
    return this.#latencies.add(node, latency);
  }

  /** Calls back when a message reaches the server, and when it is handed to a receiver. */
  watch(watcher: (sighting: Sighting) => void): void {
    this.#watchers.add(watcher);
  }

  /** The server learns of a subscription. */
  register(link: SimLink, subscription: SimSubscription): void {
    const own = this.#registered.get(link) ?? new Map<SimSubscription, Registered>();
    if (own.has(subscription)) return;
    const registered = { link, subscription, order: this.#order++ };
    own.set(subscription, registered);
    this.#registered.set(link, own);
    this.#tree.add(subscription.subject, registered);
  }

  unregister(link: SimLink, subscription: SimSubscription): void {
    const own = this.#registered.get(link);
    const registered = own?.get(subscription);
    if (registered === undefined) return;
    own?.delete(subscription);
    this.#tree.remove(subscription.subject, registered);
  }

  /** What the server does with a message that has reached it. */
  route(from: SimLink, message: Message): void {
    if (from.isCut) return;
    for (const watcher of this.#watchers) watcher({ ...message, from: from.node });
    const chosen = this.#receivers(message.subject);
    for (const { link, subscription } of chosen) {
      if (link.isCut || this.#isLost(from.node, link.node)) continue;
      this.#hand(link, from.node, () => {
        for (const watcher of this.#watchers) watcher({ ...message, from: from.node, to: link.node });
        subscription.deliver({ ...message, data: new Uint8Array(message.data), noResponders: false });
      });
    }
    if (chosen.length === 0 && message.replyTo !== undefined) this.#tellNobodyListens(from, message.replyTo);
  }

  #receivers(subject: string): Registered[] {
    const chosen: Registered[] = [];
    const queues = new Map<string, Registered[]>();
    const matching = this.#tree.match(subject).sort((a, b) => a.order - b.order);
    for (const registered of matching) {
      const { queue } = registered.subscription;
      if (queue === undefined) chosen.push(registered);
      else queues.set(queue, [...(queues.get(queue) ?? []), registered]);
    }
    for (const group of queues.values()) {
      const one = group[Math.floor(this.#options.random.next() * group.length)];
      if (one !== undefined) chosen.push(one);
    }
    return chosen;
  }

  /** As nats-server does, to the asker's own subscriptions only. */
  #tellNobodyListens(asker: SimLink, replyTo: string): void {
    for (const { link, subscription } of this.#tree.match(replyTo).sort((a, b) => a.order - b.order)) {
      if (link !== asker || subscription.queue !== undefined) continue;
      const delivery: Delivery = { subject: replyTo, data: new Uint8Array(), replyTo: undefined, noResponders: true };
      this.#hand(asker, asker.node, () => subscription.deliver(delivery));
    }
  }

  #hand(link: SimLink, sender: string, deliver: () => void): void {
    link.downFrom(sender).carry(deliver);
  }

  #isLost(from: string, to: string): boolean {
    if (from === to) return false;
    if (!this.#cuts.isEmpty && this.#cuts.newest(way(from, to)) !== undefined) return true;
    if (this.#losses.isEmpty) return false;
    const kept = (1 - (this.#losses.newest(from) ?? 0)) * (1 - (this.#losses.newest(to) ?? 0));
    return kept < 1 && this.#options.random.next() >= kept;
  }

  #linksOf(node: string, only?: Part): SimLink[] {
    const wanted = only === undefined ? parts : [only];
    return wanted.flatMap((part) => this.#links.get(keyOf(node, part)) ?? []);
  }

  #crash(link: SimLink): void {
    link.change('crashed');
    this.#forget(link);
  }

  #forget(link: SimLink): void {
    for (const [subscription, registered] of this.#registered.get(link) ?? []) {
      this.#tree.remove(subscription.subject, registered);
    }
    this.#registered.delete(link);
  }

  #draw(node: string): number {
    const { minMs, maxMs } = this.#latencies.newest(node) ?? this.#options.latency;
    return minMs + (maxMs - minMs) * this.#options.random.next();
  }
}

const parts: readonly Part[] = ['actors', 'heart'];

function keyOf(node: string, part: Part): string {
  return `${node}\n${part}`;
}

function all(ends: readonly (() => void)[]): () => void {
  return () => {
    for (const end of ends) end();
  };
}

function way(from: string, to: string): string {
  return `${from}\n${to}`;
}
