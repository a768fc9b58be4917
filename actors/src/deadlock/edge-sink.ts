import { addWait, closingCycle, invariant, type JaegisError, resolveDeadlock, type WaitEdge } from '@jaegis/core';

/** Who looks for cycles that leave this node: {@link EdgeChaser} in a cluster, nobody on a single node. */
export interface EdgeSink {
  watch(edge: WaitEdge): void;
}

export const noEdgeSink: EdgeSink = { watch() {} };

/**
 * An actor waits for an ask from now on. If that closes a cycle within the node, one ask of it is given up at once,
 * perhaps this one. The kernel calls it once for each ask that a waiting handler makes, and `removeWait` when the ask
 * has settled; `fail` of an ask calls it too.
 *
 * @param resolved Told of each ask that is given up.
 */
export function trackWait(edge: WaitEdge, sink: EdgeSink, resolved: (error: JaegisError) => void = () => {}): void {
  addWait(edge);
  for (let cycle = closingCycle(edge); cycle !== undefined; cycle = closingCycle(edge)) {
    const { victim, error } = resolveDeadlock(cycle);
    victim.fail(error);
    resolved(error);
    invariant(!victim.waiting, 'an ask that was given up waits no longer');
    // Where another was given up, a second cycle may have closed with this ask.
    if (victim === edge) return;
  }
  sink.watch(edge);
}
