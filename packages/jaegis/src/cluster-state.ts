import {
  type BackupReport,
  backup,
  deadLettersOf,
  type EntityLetters,
  exportEntity,
  historyOf,
  type ImportOptions,
  type ImportReport,
  importEntity,
  type RestoreReport,
  restore,
  type StatePorts,
  turnOf,
  verifyBackup,
} from '@jaegis/cluster';
import { binaryCodec } from '@jaegis/codec';
import { type EntityId, hasCode, type KeptTurn, silentLogger } from '@jaegis/core';
import { type ConnectOptions, connectNats, type NatsConnection } from '@jaegis/nats';
import { folderArchive, realClock, realRandom, sha256 } from '@jaegis/node';
import { checkCluster } from './checked.ts';
import { clustersAt, noSuchCluster } from './clusters.ts';
import { openStreams, type StreamWorld, withBodies } from './start-node.ts';
import { clustersIn, streamPlans } from './stream-plans.ts';

export interface ClusterStateOptions extends Pick<ConnectOptions, 'auth' | 'tls' | 'inboxPrefix'> {
  readonly nats: readonly string[];
  readonly cluster: string;
}

export interface RestoreOptions {
  /** Of the streams that are made. Default: as `startNode`. */
  readonly replicas?: 1 | 3;
  /** As the `storage` of `startNode`. */
  readonly storage?: 'file' | 'memory';
  /** As the `history` of `startNode`. */
  readonly history?: number;
}

/** What a cluster keeps, over a connection that joins nothing and hosts nothing. */
export interface ClusterState extends AsyncDisposable {
  /** As of `JaegisNode`, as are those below. */
  history(given: { readonly entity: EntityId }): AsyncGenerator<KeptTurn>;
  turnAt(given: { readonly entity: EntityId; readonly turn: number }): Promise<KeptTurn>;
  exportEntity(entity: EntityId): Promise<Uint8Array>;
  importEntity(document: Uint8Array, options?: ImportOptions): Promise<ImportReport>;
  deadLetters(): AsyncGenerator<EntityLetters>;
  backup(folder: string): Promise<BackupReport>;
  /**
   * Brings a backup into a cluster that holds nothing, before its first node is started. All files are verified before
   * anything is written.
   *
   * @throws CorruptRecordError that names the damaged file, AlreadyExistsError when the cluster is not empty.
   */
  restore(folder: string, options?: RestoreOptions): Promise<RestoreReport>;
}

/**
 * Looks at, backs up or restores a cluster, whether or not any of its nodes run. All but `restore` throw
 * NoSuchClusterError where there never was one of this name.
 * @throws InvalidConfigError, ConnectFailedError
 */
export async function openClusterState(options: ClusterStateOptions): Promise<ClusterState> {
  checkCluster('openClusterState', options);
  const { nats, cluster, ...who } = options;
  const [clock, random] = [realClock(), realRandom()];
  const name = `tool-${random.id().slice(0, 6)}`;
  const connection = await connectNats({
    servers: nats,
    name,
    logger: silentLogger,
    clock,
    ...who,
  });
  const world = { cluster, clock, random, codec: binaryCodec(), logger: silentLogger, digest: sha256, node: name };
  const present = async (): Promise<StatePorts> => ({ ...world, ...(await find(connection, options, world)) });
  return {
    async *history({ entity }) {
      yield* historyOf(await present(), entity);
    },
    turnAt: async ({ entity, turn }) => turnOf(await present(), entity, turn),
    exportEntity: async (entity) => exportEntity(await present(), entity),
    importEntity: async (document, more) => importEntity(await present(), document, more),
    async *deadLetters() {
      yield* deadLettersOf(await present());
    },
    backup: async (folder) => backup(await present(), folderArchive(folder)),
    async restore(folder, { replicas, storage = 'file', history } = {}) {
      const archive = folderArchive(folder);
      // Before the streams of the cluster are made.
      const verified = await verifyBackup(world, archive);
      const made = await openStreams(connection, { cluster, replicas, storage, history }, world);
      return restore({ ...world, ...made }, archive, verified);
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

/** @throws NoSuchClusterError, which names those that have nodes here, and those that have streams. */
async function find(
  connection: NatsConnection,
  { nats, cluster, inboxPrefix }: ClusterStateOptions,
  world: StreamWorld,
): Promise<Pick<StatePorts, 'turnJournal' | 'inbox'>> {
  const { turns, inbox: sends } = streamPlans({ cluster, replicas: 1, storage: 'file' });
  const turnJournal = await connection.findJournal(turns.name).catch(async (error: unknown) => {
    if (!hasCode(error, 'invalid_config')) throw error;
    const living = await clustersAt({ transport: connection.transport, inboxPrefix });
    // Its nodes run, so the name is right, and the stream was taken from them.
    if (living.includes(cluster)) throw error;
    const known = new Set([...living, ...clustersIn(await connection.streamNames())]);
    throw noSuchCluster(cluster, nats, [...known].toSorted());
  });
  const stream = await connection.findInbox(sends.name);
  const { inbox } = withBodies(connection, stream, { cluster, replicas: 1 }, world);
  return { turnJournal, inbox };
}
