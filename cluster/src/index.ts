/** Many nodes of JAEGIS: membership, placement, failover and routing, over the ports. */

export * from './cluster-node.ts';
export type { ClusterEvent } from './events.ts';
export { VERSION } from './health/protocol.ts';
export { backup } from './history/backup.ts';
export { deadLettersOf, type EntityLetters } from './history/dead-letters.ts';
export { type HistoryPorts, historyOf, turnOf } from './history/entity-history.ts';
export type { BackupFile, BackupReport } from './history/manifest.ts';
export { type RestoreReport, restore, verifyBackup } from './history/restore.ts';
export {
  exportEntity,
  type ImportOptions,
  type ImportReport,
  importEntity,
  type StatePorts,
} from './history/transfer.ts';
export type { About } from './inspect/about.ts';
export type {
  ActiveActor,
  ActorAnswer,
  EntityPlacement,
  HealthAnswer,
  Incident,
  IncidentsAnswer,
  LettersAnswer,
  LoadAnswer,
  MemberHealth,
  MissingNode,
  NodeLetter,
  NodeLoad,
  NodePlacement,
  NodePolicies,
  NodeStanding,
  PassiveEntity,
  PlacementAnswer,
  PoliciesAnswer,
  TreeAnswer,
  TuneAnswer,
  ViewAnswer,
} from './inspect/answers.ts';
export { LargeInbox } from './large-inbox.ts';
export * from './membership.ts';
export type { PinnedActor } from './pinned.ts';
export { inboxSubjects, ownerOf, SHARDS, turnSubjects } from './placement.ts';
export { Pulse } from './watch/pulse.ts';
export { Watch } from './watch/watch.ts';
