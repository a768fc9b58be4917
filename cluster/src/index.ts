/** Many nodes of JAEGIS: membership, placement, failover and routing, over the ports. */
export * from './cluster-node.ts';
export type { ClusterEvent } from './events.ts';
export { type HistoryPorts, historyOf, turnOf } from './history/entity-history.ts';
export * from './membership.ts';
export { inboxSubjects, ownerOf, SHARDS, turnSubjects } from './placement.ts';
