/** JAEGIS: actors that survive the crash of anything. The one package that users import. */
export {
  type ActorContext,
  type ActorDefinition,
  type Announcement,
  type AskOptions,
  announce,
  defineActor,
  defineMachine,
  type Emitted,
  type EntityRef,
  type Message,
  type MessageOf,
  type Protocol,
  type Ref,
  type ReplyOf,
  reply,
  type Services,
  send,
} from '@jaegis/actors';
export type { ClusterEvent } from '@jaegis/cluster';
export {
  durableMessageId,
  type EntityId,
  type ErrorCode,
  type ErrorData,
  errorCatalogue,
  formatEntityId,
  hasCode,
  InvalidConfigError,
  JaegisError,
  type RestartType,
  type TreeNode,
  type TurnRecord,
  type View,
  type WorkerTask,
} from '@jaegis/core';
export {
  connectNats,
  describeServerEvent,
  findServer,
  type NatsConnection,
  type NatsServer,
  type NatsServers,
  type ServerEvent,
  startServers,
} from '@jaegis/nats';
export { type LogLevel, onParentGone, onSignals, pinoLogger, realClock, realHost, realRandom } from '@jaegis/node';
export { moved } from '@jaegis/pool';
export { type App, type AppActor, defineApp } from './app.ts';
export { JaegisNode } from './jaegis-node.ts';
export type { NodeOptions } from './node-options.ts';
export { type Inspection, requestInspection, type TreeAnswer } from './request-inspection.ts';
export { startNode } from './start-node.ts';
