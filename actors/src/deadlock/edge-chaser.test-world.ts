/** Nodes in memory whose actors ask each other: messages, answers and probes take as long as their link says. */
import { type NodeId, nodeId, removeWait, type WaitEdge, type Waiter, type WaitProbe } from '@jaegis/core';
import { VirtualClock } from '@jaegis/sim';
import { EdgeChaser } from './edge-chaser.ts';
import { trackWait } from './edge-sink.ts';

/** Asks that a probe passes at most in these tests. */
export const maxPath = 12;

export interface TestActor extends Waiter {
  readonly home: TestNode;
}

interface TestNode {
  readonly id: NodeId;
  readonly chaser: EdgeChaser;
  sequence: number;
  listener: ((probe: WaitProbe) => void) | undefined;
}

/** What a test sees of an ask. */
export interface TestAsk {
  readonly edge: WaitEdge;
  /** What it was given up with, each time. */
  readonly failures: unknown[];
  /** The actor it went to answers. */
  answer(): void;
}

export interface SentProbe {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly probe: WaitProbe;
}

export class WaitWorld {
  readonly clock = new VirtualClock();
  readonly probes: SentProbe[] = [];
  /** In ms, of each message between two nodes. */
  delay = (_from: NodeId, _to: NodeId): number => 5;
  isLost = (_sent: SentProbe): boolean => false;
  /** Called as a probe arrives, before it is handled. */
  onArrival = (_sent: SentProbe): void => {};
  readonly #nodes = new Map<NodeId, TestNode>();

  /** `at` is `node/name`; the node is made when it is first named. */
  actor(at: string, options: { priority?: number; reentrant?: boolean } = {}): TestActor {
    const home = this.#node(nodeId(at.slice(0, at.indexOf('/'))));
    return {
      home,
      waits: undefined,
      address: at,
      priority: options.priority ?? 0,
      reentrant: options.reentrant ?? false,
    };
  }

  /** One asks another and waits; across nodes the ask is under way for a while, and so is its answer. */
  ask(from: TestActor, to: TestActor, type = 'work'): TestAsk {
    const isLocal = from.home === to.home;
    const failures: unknown[] = [];
    const edge = makeEdge(from, isLocal ? to : standIn(to), type, ++from.home.sequence, failures);
    trackWait(edge, from.home.chaser);
    if (isLocal) return { edge, failures, answer: () => removeWait(edge) };
    return { edge, failures, answer: this.#deliver(from, to, edge) };
  }

  stop(): void {
    for (const { chaser } of this.#nodes.values()) chaser.stop();
  }

  #deliver(from: TestActor, to: TestActor, edge: WaitEdge): () => void {
    const name = from.home.chaser.nameOf(edge);
    const owed = makeEdge(standIn(from), to, edge.message.type, edge.sequence, []);
    this.clock.setTimer(this.delay(from.home.id, to.home.id), () => to.home.chaser.owe(name, owed));
    return () => {
      to.home.chaser.settle(name);
      this.clock.setTimer(this.delay(to.home.id, from.home.id), () => removeWait(edge));
    };
  }

  #node(id: NodeId): TestNode {
    const known = this.#nodes.get(id);
    if (known) return known;
    const probes = {
      send: (to: NodeId, probe: WaitProbe) => this.#send({ from: id, to, probe: structuredClone(probe) }),
      onProbe: (listener: (probe: WaitProbe) => void) => {
        node.listener = listener;
        return {
          unsubscribe: () => {
            node.listener = undefined;
          },
        };
      },
    };
    const node: TestNode = { id, sequence: 0, listener: undefined, chaser: undefined as never }; // set on the next line
    Object.assign(node, {
      chaser: new EdgeChaser({ node: id, incarnation: 'i1', clock: this.clock, probes, maxPath }),
    });
    this.#nodes.set(id, node);
    return node;
  }

  #send(sent: SentProbe): void {
    this.probes.push(sent);
    if (this.isLost(sent)) return;
    this.clock.setTimer(this.delay(sent.from, sent.to), () => {
      this.onArrival(sent);
      this.#nodes.get(sent.to)?.listener?.(sent.probe);
    });
  }
}

function standIn(actor: TestActor): Waiter {
  const { address, priority } = actor;
  return { waits: undefined, address, priority, reentrant: false, node: actor.home.id };
}

function makeEdge(from: Waiter, to: Waiter, type: string, sequence: number, failures: unknown[]): WaitEdge {
  return {
    from,
    to,
    message: { type },
    sequence,
    cause: undefined,
    waiting: false,
    nextWait: undefined,
    previousWait: undefined,
    fail(error) {
      failures.push(error);
      removeWait(this);
    },
  };
}
