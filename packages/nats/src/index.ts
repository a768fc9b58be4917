/** NATS and JetStream behind the ports of core, and nats-server itself: found, fetched, started and stopped. */
export type { Auth } from './connection/auth.ts';
export { connectNats, type NatsConnection } from './connection/connect.ts';
export { type ConnectOptions, defaultInboxPrefix } from './connection/connect-options.ts';
export type { Tls } from './connection/tls.ts';
export { type ExamineOptions, examineNats } from './examine/examine.ts';
export type {
  AccountFacts,
  ClockReading,
  MonitorFacts,
  NatsFacts,
  ReplicaFacts,
  ServerFacts,
  StreamFacts,
  Trial,
} from './examine/facts.ts';
export type { BlobsOptions, Bucket } from './jetstream/blobs.ts';
export type { InboxOptions } from './jetstream/open-inbox.ts';
export type { JournalOptions } from './jetstream/open-journal.ts';
export type { OpenOptions } from './jetstream/open-within.ts';
export type { StoreOptions } from './jetstream/store.ts';
export type { ServerBinary, ServerOrigin } from './server/binary.ts';
export { type FindServerOptions, findServer } from './server/find-server.ts';
export { describeServerEvent, type ServerEvent, type ServerReport } from './server/server-event.ts';
export {
  type NatsServer,
  type NatsServers,
  type ServerExit,
  type StartServersOptions,
  startServers,
} from './server/start-servers.ts';
export { isNewEnough, minimumVersion } from './server/version.ts';
