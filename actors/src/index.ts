/** One node of JAEGIS: actors, supervision and durable turns over the ports. */
export * from './deadlock/edge-chaser.ts';
export { type EdgeSink, noEdgeSink } from './deadlock/edge-sink.ts';
export { type Asker, FarWait } from './deadlock/far-wait.ts';
export * from './door/door-policy.ts';
export { Doors } from './door/doors.ts';
export { newestOf } from './durable/answers.ts';
export * from './durable/entity-host.ts';
export { decodeInboxMessage, encodeInboxMessage, inboxMessageId } from './durable/inbox-body.ts';
export { InboxReader } from './durable/inbox-reader.ts';
export { InboxTimers } from './durable/inbox-timers.ts';
export type { DeliverDurable } from './durable/outbox.ts';
export { TurnLog } from './durable/turn-log.ts';
export { decodeTurn, encodeTurn } from './durable/turn-record.ts';
export { isConsumed } from './durable/turn-state.ts';
export { ENTITIES } from './far/far-life.ts';
export { FarNodes, type FarPost, type SentSignal } from './far/far-nodes.ts';
export type { FarSignal } from './far/far-signal.ts';
export { GUESTS } from './far/guests.ts';
export { type ActorLoad, countersOf, loadSince } from './inspect/actor-load.ts';
export type { ActorReport, Depth, ShownCrash, ShownMessage } from './inspect/actor-report.ts';
export { type Endpoint, MicroService } from './inspect/micro-service.ts';
export { glance, plain, withoutStacks } from './inspect/plain.ts';
export * from './machine/definition.ts';
export type { DelayPolicy } from './machine/delays.ts';
export * from './machine/effects.ts';
export type { RestoreOptions } from './machine/restore.ts';
export * from './run/action.ts';
export { Ask, type ReplyTo } from './run/ask.ts';
export { askId } from './run/ask-id.ts';
export type { AskCallOptions, AskPolicy, AskTry } from './run/ask-policy.ts';
export { askTimeout } from './run/ask-timeout.ts';
export { type AskWorld, askUnderPolicy, endOfTry } from './run/ask-tries.ts';
export { checkPlacement } from './run/cell-kind.ts';
export {
  type ActorContext,
  type ActorDefinition,
  type ActorTimer,
  type Ignore,
  ignore,
  type ScheduleTime,
  type Services,
} from './run/contract.ts';
export { type CrashReport, crashToData } from './run/crash-report.ts';
export type { DeadLetters, DeadMessage, DeadReason } from './run/dead-letters.ts';
export * from './run/definition.ts';
export type { Announcement } from './run/effect.ts';
export type { FlightEntry } from './run/flight-recorder.ts';
export type { GroupChange } from './run/groups.ts';
export type { HandlerResult, HandlerSpec } from './run/handler-behavior.ts';
export type { KernelOptions, PlacementNeeds, WhenFull } from './run/kernel-options.ts';
export type { MailboxMemory } from './run/mailbox-memory.ts';
export * from './run/protocol.ts';
export * from './run/ref.ts';
export type { ReplyHandle } from './run/reply-handle.ts';
export type { DownSignal, ExitSignal, Monitor, MonitorOptions, NodeSignal } from './run/signal.ts';
export type { SpawnOptions } from './run/spawn-options.ts';
export * from './run/standard-schema.ts';
export * from './run/system.ts';
export * from './supervisor/definition.ts';
export type { ChildCount, ChildInfo } from './supervisor/inspection.ts';
export {
  type ChildKind,
  type ChildSpec,
  checkSupervisorSpec,
  type FullChildSpec,
  type FullSupervisorSpec,
  type Startable,
  type StartFunction,
  type SupervisorSpec,
} from './supervisor/spec.ts';
export { checkLimit } from './supervisor/spec-fields.ts';
export type { SupervisorRef } from './supervisor/supervisor.ts';
