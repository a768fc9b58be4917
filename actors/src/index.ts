/** One node of JAEGIS: actors, supervision and durable turns over the ports. */
export * from './durable/entity-host.ts';
export type { DeliverDurable } from './durable/outbox.ts';
export { decodeTurn } from './durable/turn-log.ts';
export { type Endpoint, MicroService } from './inspect/micro-service.ts';
export * from './machine/definition.ts';
export type { DelayPolicy } from './machine/delays.ts';
export * from './machine/effects.ts';
export type { RestoreOptions } from './machine/restore.ts';
export type { ReplyTo } from './run/actor-cell.ts';
export type { ActorContext, ActorDefinition, Services } from './run/behavior.ts';
export type { SpawnOptions } from './run/cell-host.ts';
export * from './run/definition.ts';
export type { Announcement } from './run/effect.ts';
export * from './run/protocol.ts';
export * from './run/ref.ts';
export * from './run/system.ts';
export type { Child } from './supervisor/child.ts';
export * from './supervisor/supervisor.ts';
