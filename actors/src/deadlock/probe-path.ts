/** The way of a probe as data: what it has passed, and where a cycle that it found enters the node of the victim. */
import { chooseVictim, type NodeId, type ProbeStep, type WaitEdge, waitStep } from '@jaegis/core';

export function probeStep(edge: WaitEdge, ask: string, node: NodeId): ProbeStep {
  const leadsTo = edge.to?.node;
  return { ...waitStep(edge), ask, node, ...(leadsTo === undefined ? {} : { leadsTo }) };
}

/** The same cycle, from the step where it enters the node of its victim. The last step then leads to that node. */
export function fromVictimsNode(cycle: readonly ProbeStep[]): readonly ProbeStep[] {
  let start = chooseVictim(cycle);
  for (let count = 0; count < cycle.length && cycle.at(start - 1)?.leadsTo === undefined; count++) {
    start = (start + cycle.length - 1) % cycle.length;
  }
  return [...cycle.slice(start), ...cycle.slice(0, start)];
}
