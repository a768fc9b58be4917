/**
 * Who waits for whom: a node of the graph is a handler under way, an edge is an ask that it waits for. The kernel adds
 * and removes an edge for each ask between actors, so the lists run through the asks themselves: both cost a few
 * assignments. Only an ask to somebody who waits too is looked at further.
 */

import type { NodeId } from '../values/node-id.ts';

/** Who can wait: an actor, or a handler that runs inside a waiting actor (see {@link innerWaiter}). */
export interface Waiter {
  /** The newest of the asks it waits for; the others follow by `nextWait`. Kept by {@link addWait}. */
  waits: WaitEdge | undefined;
  /** Of the actor. */
  readonly address: string;
  /** In a deadlock the ask of the lowest is given up. */
  readonly priority: number;
  /** Whether it handles asks that come back to it within one chain of asks while it waits. */
  readonly reentrant: boolean;
  /** Set on the stand-in for an actor of another node: its waits are known there only. */
  readonly node?: NodeId;
}

/** An ask, as the graph sees it. */
export interface WaitEdge {
  /** Undefined: asked from outside the actors, where no actor waits. */
  readonly from: Waiter | undefined;
  /**
   * Who has to go on for the answer to come: the actor, then the handler within it if it runs inside a waiting one.
   * Undefined: the answer may come from anywhere (a deferred reply), so it is part of no cycle.
   */
  readonly to: Waiter | undefined;
  readonly message: { readonly type: string };
  /** Grows from ask to ask of one node. */
  readonly sequence: number;
  /** The ask that the asker was handling. */
  readonly cause: WaitEdge | undefined;
  /** Kept by {@link addWait} and {@link removeWait}, as are the two below. Starts as false. */
  waiting: boolean;
  nextWait: WaitEdge | undefined;
  previousWait: WaitEdge | undefined;
  /** Gives the ask up: its asker gets the error and waits for it no longer. */
  fail(error: unknown): void;
}

/** From now on the asker waits for this ask. An ask from outside the actors is left out. */
export function addWait(edge: WaitEdge): void {
  const { from } = edge;
  if (from === undefined || edge.waiting) return;
  const head = from.waits;
  if (head !== undefined) head.previousWait = edge;
  edge.nextWait = head;
  edge.waiting = true;
  from.waits = edge;
}

/** The ask was answered or given up. Doing it twice does nothing. */
export function removeWait(edge: WaitEdge): void {
  const { from, nextWait, previousWait } = edge;
  if (from === undefined || !edge.waiting) return;
  edge.waiting = false;
  if (nextWait !== undefined) nextWait.previousWait = previousWait;
  if (previousWait !== undefined) previousWait.nextWait = nextWait;
  else from.waits = nextWait;
  edge.nextWait = undefined;
  edge.previousWait = undefined;
}

/** Its handler has ended: what it asked and did not await holds it up no longer. */
export function removeWaits(waiter: Waiter): void {
  for (let edge = waiter.waits; edge !== undefined; edge = waiter.waits) removeWait(edge);
}

/** For a handler that runs inside an actor which waits: it waits for asks of its own. */
export function innerWaiter(actor: Waiter): Waiter {
  return { waits: undefined, address: actor.address, priority: actor.priority, reentrant: false };
}

/**
 * Whether the ask goes to an actor that waits in the chain of asks which led to it: itself, its asker, and so on. If
 * that actor is re-entrant it handles the ask at once, inside the handler that waits.
 */
export function isReentrantCall(edge: WaitEdge): boolean {
  const { to } = edge;
  if (to === undefined) return false;
  if (edge.from?.address === to.address) return true;
  for (let link = edge.cause; link !== undefined; link = link.cause) {
    if (link.waiting && link.from?.address === to.address) return true;
  }
  return false;
}

/** Whether the ask must wait until whoever it went to waits no more. */
export function isHeldUp(edge: WaitEdge): boolean {
  return edge.to !== undefined && !(edge.to.reentrant && isReentrantCall(edge));
}

/**
 * The cycle that an ask closes, with that ask first; undefined when it closes none. Ask before or after
 * {@link addWait}, and for each ask: without a cycle closed before, a new one runs through the new ask.
 */
export function closingCycle(edge: WaitEdge): readonly WaitEdge[] | undefined {
  const { from, to } = edge;
  if (from === undefined || to === undefined || (to.waits === undefined && to !== from)) return undefined;
  if (!isHeldUp(edge)) return undefined;
  if (to === from) return [edge];
  let cycle: readonly WaitEdge[] | undefined;
  walkWaits(to, (step, before) => {
    if (step.to !== from) return false;
    cycle = [edge, ...before, step];
    return true;
  });
  return cycle;
}

/**
 * Visits each ask that holds up `start`, directly or through others, once; `before` are the asks that lead to it and is
 * reused from visit to visit. Goes no further when `visit` returns true.
 */
export function walkWaits(start: Waiter, visit: (edge: WaitEdge, before: readonly WaitEdge[]) => boolean): void {
  const path: WaitEdge[] = [];
  const seen = new Set<Waiter>([start]);
  let edge = start.waits;
  for (;;) {
    if (edge === undefined) {
      const last = path.pop();
      if (last === undefined) return;
      edge = last.nextWait;
      continue;
    }
    const held = isHeldUp(edge);
    if (held && visit(edge, path)) return;
    if (held && edge.to !== undefined && !seen.has(edge.to)) {
      seen.add(edge.to);
      path.push(edge);
      edge = edge.to.waits;
    } else {
      edge = edge.nextWait;
    }
  }
}
