import { ClusterNode, inboxSubjects, LargeInbox, turnSubjects } from '@jaegis/cluster';
import { binaryCodec } from '@jaegis/codec';
import { type Clock, type InboxStream, type JaegisError, type Logger, limits, type Random } from '@jaegis/core';
import { connectNats, findServer, type NatsConnection, startServers } from '@jaegis/nats';
import { pinoLogger, realClock, realHost, realRandom, sha256 } from '@jaegis/node';
import { createPool } from '@jaegis/pool';
import { OpenTelemetry } from '@jaegis/telemetry';
import { JaegisNode } from './jaegis-node.ts';
import { type CheckedOptions, checkOptions, type NodeOptions } from './node-options.ts';

/**
 * Starts a node: connects to NATS, joins the cluster and starts the app's actors. Resolves when it is a member.
 *
 * @throws InvalidConfigError, ConnectFailedError, ServerTooOldError, ServerNotFoundError; nothing is left running then.
 */
export async function startNode(options: NodeOptions = {}): Promise<JaegisNode> {
  const random = realRandom();
  const checked = checkOptions(options, random.id().slice(0, 6));
  const logger = pinoLogger({ level: options.logLevel ?? 'warn' }).child({
    node: checked.id,
    cluster: checked.cluster,
  });
  await using undo = new AsyncDisposableStack();
  const servers = await serverUrls(options, checked, undo);
  const { auth, tls, inboxPrefix } = checked;
  const connection = await connectNats({
    servers,
    name: checked.id,
    logger,
    clock: realClock(),
    ...(auth ? { auth } : {}),
    ...(tls ? { tls } : {}),
    ...(inboxPrefix ? { inboxPrefix } : {}),
  });
  undo.defer(() => connection.close());
  const pool = createPool(checked.threads === undefined ? {} : { threads: checked.threads });
  undo.defer(() => pool.close());
  const world = { clock: realClock(), random, logger };
  const { viewJournal, turnJournal, inbox, blobs, bodies } = await openStreams(connection, checked, world);
  // A client may lack the permission to make them when it has something large to say.
  if (checked.role === 'member') await Promise.all([blobs.open(), bodies.open()]);
  const codec = binaryCodec();
  const ports = { ...world, codec, pool, transport: connection.transport };
  let fail: (error: JaegisError) => void = () => {};
  const telemetry = new OpenTelemetry(realClock());
  undo.defer(() => telemetry.close());
  const node = new ClusterNode({
    telemetry,
    cluster: checked.cluster,
    name: checked.id,
    role: checked.role,
    weight: checked.weight,
    labels: checked.labels,
    entities: options.app?.entities ?? [],
    ...(options.app ? { restartLimit: options.app.restartLimit } : {}),
    ports: { ...ports, viewJournal, turnJournal, inbox, blobs },
    onFailure: (error) => fail(error),
  });
  undo.defer(() => node.stop(checked.drainMs));
  await node.start();
  if (checked.role === 'member') {
    inbox
      .sweep()
      .catch((error: unknown) => logger.debug('large bodies that nobody needs were not looked for', { error }));
  }
  for (const { definition, ...spawn } of options.app?.actors ?? []) {
    if (definition.kind === 'supervisor') await node.system.supervise(definition, spawn);
    else await node.system.spawn(definition, spawn);
  }
  const started = new JaegisNode({
    state: { cluster: checked.cluster, turnJournal, inbox, ...ports, digest: sha256, node: checked.id },
    node,
    cluster: checked.cluster,
    name: checked.id,
    pool,
    close: undo.move(),
  });
  fail = (error) => started.fail(error);
  return started;
}

async function serverUrls(
  options: NodeOptions,
  checked: CheckedOptions,
  undo: AsyncDisposableStack,
): Promise<string[]> {
  if (checked.nats !== 'embedded') return typeof checked.nats === 'string' ? checked.nats.split(',') : checked.nats;
  const host = realHost();
  const world = { host, clock: realClock(), ...(options.report ? { report: options.report } : {}) };
  const path = host.env.NATS_SERVER;
  const binary = await findServer({ ...world, ...(path ? { path } : {}) });
  const servers = undo.use(await startServers({ ...world, count: 1, binary, random: realRandom() }));
  return [...servers.urls];
}

export interface StreamWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export type StreamOptions = Pick<CheckedOptions, 'cluster' | 'storage'> &
  Partial<Pick<CheckedOptions, 'replicas' | 'history' | 'maxTurnBytes' | 'maxInboxBytes'>>;

/** Those of a cluster; makes them if there are none. @throws ClusterMismatchError when they have other settings. */
export async function openStreams(
  connection: NatsConnection,
  { cluster, replicas = connection.replicas, storage, history, maxTurnBytes, maxInboxBytes }: StreamOptions,
  world: StreamWorld,
) {
  const common = { replicas, storage };
  const viewJournal = await connection.openJournal({
    ...common,
    name: `JAEGIS_${cluster}_VIEW`,
    subjects: [`jaegis.${cluster}.view`],
    historyPerSubject: limits.turnHistory,
  });
  const turnJournal = await connection.openJournal({
    ...common,
    name: `JAEGIS_${cluster}_TURNS`,
    subjects: [turnSubjects(cluster)],
    ...(history === undefined ? {} : { historyPerSubject: history }),
    ...(maxTurnBytes === undefined ? {} : { maxBytes: maxTurnBytes }),
  });
  const stream = await connection.openInbox({
    ...common,
    name: `JAEGIS_${cluster}_INBOX`,
    subjects: inboxSubjects(cluster),
    ...(maxInboxBytes === undefined ? {} : { maxBytes: maxInboxBytes }),
  });
  const { inbox, bodies } = withBodies(connection, stream, { ...common, cluster }, world);
  const blobs = connection.blobs({ ...common, name: `JAEGIS_${cluster}_LARGE`, keepMs: limits.largeKeptMs });
  return { viewJournal, turnJournal, inbox, blobs, bodies };
}

export interface BodiesOptions {
  readonly cluster: string;
  readonly replicas: 1 | 3;
  /** Default: as it is. */
  readonly storage?: 'file' | 'memory';
}

/** The inbox stream with the bucket for what is too large for it, which is made when it is first needed. */
export function withBodies(
  connection: NatsConnection,
  stream: InboxStream,
  { cluster, ...settings }: BodiesOptions,
  world: StreamWorld,
) {
  const bodies = connection.blobs({ ...settings, name: `JAEGIS_${cluster}_BODIES` });
  const inbox = new LargeInbox({ ...world, inbox: stream, bodies, transport: connection.transport });
  return { inbox, bodies };
}
