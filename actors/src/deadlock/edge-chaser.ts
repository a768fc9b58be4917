import {
  type Clock,
  chooseVictim,
  deadlockError,
  isHeldUp,
  type JaegisError,
  limits,
  type NodeId,
  type ProbeStep,
  type Subscription,
  type WaitEdge,
  type Waiter,
  type WaitProbe,
  type WaitProbes,
  walkWaits,
} from '@jaegis/core';
import type { EdgeSink } from './edge-sink.ts';
import { fromVictimsNode, probeStep } from './probe-path.ts';
import { WaitWatch } from './wait-watch.ts';

/** The name of an ask in the cluster. @param asker As {@link EdgeChaser.asker} of its node. */
export function waitName(asker: string, sequence: number): string {
  return `${asker}#${sequence}`;
}

export interface EdgeChaserOptions {
  readonly node: NodeId;
  /** Told from other lives of this node by the others: names the asks of this one. */
  readonly incarnation: string;
  readonly clock: Clock;
  readonly probes: WaitProbes;
  /** Asks that a probe may pass; a longer cycle is left to the time limits of its asks. Default 256. */
  readonly maxPath?: number;
  /** Told of each ask of this node that is given up. */
  readonly resolved?: (error: JaegisError) => void;
}

/**
 * Finds cycles of waiting asks that run across nodes (Chandy, Misra and Haas: edge chasing) and gives up one ask of
 * each. The kernel tells it of asks that wait; the cluster, of asks that came from other nodes and were answered.
 *
 * No false alarms: a probe goes on only where an answer is owed and waited for at that moment, and a cycle that it
 * found is gone round a second time. Each ask that was there both times was there when the first round ended, so all of
 * them were there at once.
 */
export class EdgeChaser implements EdgeSink {
  readonly #options: EdgeChaserOptions;
  readonly #maxPath: number;
  readonly #watch: WaitWatch;
  readonly #subscription: Subscription;
  /** What this node owes to others, by the name of the ask. */
  readonly #owed = new Map<string, WaitEdge>();
  /** Which probe has gone on along which ask: once is enough. Oldest first. */
  readonly #passed = new Set<string>();

  constructor(options: EdgeChaserOptions) {
    this.#options = options;
    this.#maxPath = options.maxPath ?? limits.waitPath;
    this.#watch = new WaitWatch(options.clock, (edge, round) => this.#start(edge, round));
    this.#subscription = options.probes.onProbe((probe) => this.#receive(probe));
  }

  /** What the names of this node's asks begin with. */
  get asker(): string {
    return `${this.#options.node}@${this.#options.incarnation}`;
  }

  /** The name of an ask of this node in the cluster. It travels with the ask; see {@link owe}. */
  nameOf(edge: WaitEdge): string {
    return waitName(this.asker, edge.sequence);
  }

  /** For each ask that has been added to the wait graph and closed no cycle within this node. */
  watch(edge: WaitEdge): void {
    const { to } = edge;
    if (to !== undefined && (to.node !== undefined || to.waits !== undefined)) this.#watch.add(edge);
  }

  /** An ask came from another node, under the name that {@link nameOf} gave it there. */
  owe(ask: string, edge: WaitEdge): void {
    this.#owed.set(ask, edge);
  }

  /** Its answer leaves, or it was refused or dropped. To be called before the answer is sent. */
  settle(ask: string): void {
    this.#owed.delete(ask);
  }

  stop(): void {
    this.#watch.stop();
    this.#subscription.unsubscribe();
    this.#owed.clear();
    this.#passed.clear();
  }

  /** False when nothing behind the ask leads to another node: whichever ask changes that is watched itself. */
  #start(edge: WaitEdge, round: number): boolean {
    const { to } = edge;
    if (to === undefined || !isHeldUp(edge)) return false;
    const path = [this.#step(edge)];
    if (to.node === undefined) return this.#seek(to, path, round);
    this.#passOn(path, round);
    return true;
  }

  /** Follows the asks that hold up `waiter`. Returns whether any leads to another node. */
  #seek(waiter: Waiter, path: readonly ProbeStep[], round: number): boolean {
    let leaves = false;
    walkWaits(waiter, (edge, before) => {
      const isInitiator = path[0]?.ask === this.nameOf(edge);
      if (!isInitiator && edge.to?.node === undefined) return false;
      const steps = [...path, ...before.map((passed) => this.#step(passed))];
      if (isInitiator) {
        this.#confirm(fromVictimsNode(steps), 0);
      } else {
        leaves = true;
        this.#passOn([...steps, this.#step(edge)], round);
      }
      return false;
    });
    return leaves;
  }

  /** Sends a probe on along its last step, unless it is too long or has been there before. */
  #passOn(path: readonly ProbeStep[], round: number): void {
    const [first, last] = [path[0], path.at(-1)];
    if (first === undefined || last?.leadsTo === undefined || path.length > this.#maxPath) return;
    const key = `${first.ask}/${round} ${last.ask}`;
    if (this.#passed.has(key)) return;
    this.#passed.add(key);
    for (const oldest of this.#passed) {
      if (this.#passed.size <= limits.waitProbes) break;
      this.#passed.delete(oldest);
    }
    this.#send(last.leadsTo, { kind: 'seek', round, path });
  }

  #send(node: NodeId, probe: WaitProbe): void {
    if (node === this.#options.node) this.#receive(probe);
    else this.#options.probes.send(node, probe);
  }

  #receive(probe: WaitProbe): void {
    if (probe.kind === 'confirm') {
      this.#check(probe.path, probe.at);
      return;
    }
    const owed = this.#owedTo(probe.path.at(-1));
    if (owed !== undefined) this.#seek(owed, probe.path, probe.round);
  }

  /** Who has to go on for the answer to this ask of another node. */
  #owedTo(step: ProbeStep | undefined): Waiter | undefined {
    const edge = step && this.#owed.get(step.ask);
    return edge !== undefined && isHeldUp(edge) ? edge.to : undefined;
  }

  #confirm(path: readonly ProbeStep[], at: number): void {
    const node = (path[at] ?? path[0])?.node;
    if (node !== undefined) this.#send(node, { kind: 'confirm', path, at });
  }

  /** Looks whether the part of a cycle that begins at `at` still stands; the part with the victim is looked at last. */
  #check(path: readonly ProbeStep[], at: number): void {
    const isLast = at === path.length;
    const start = isLast ? 0 : at;
    const edges = this.#standing(path, start);
    if (edges === undefined) return;
    const victim = chooseVictim(path);
    if (!isLast) {
      this.#confirm(path, start + edges.length);
      return;
    }
    const error = deadlockError(path, victim);
    edges[victim]?.fail(error);
    this.#options.resolved?.(error);
  }

  /** The asks of this node from the step `start` on to the one that leaves it; undefined when one has ended. */
  #standing(path: readonly ProbeStep[], start: number): readonly WaitEdge[] | undefined {
    const edges: WaitEdge[] = [];
    let waiter = this.#owedTo(path.at(start - 1));
    for (const step of path.slice(start)) {
      const edge = this.#find(waiter, step);
      if (edge === undefined) return undefined;
      edges.push(edge);
      if (step.leadsTo !== undefined) return edges;
      waiter = edge.to;
    }
    return undefined;
  }

  #find(waiter: Waiter | undefined, step: ProbeStep): WaitEdge | undefined {
    let edge = waiter?.waits;
    while (edge !== undefined && this.nameOf(edge) !== step.ask) edge = edge.nextWait;
    return edge !== undefined && isHeldUp(edge) ? edge : undefined;
  }

  #step(edge: WaitEdge): ProbeStep {
    return probeStep(edge, this.nameOf(edge), this.#options.node);
  }
}
