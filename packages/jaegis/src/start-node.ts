import { ClusterNode, LargeInbox, type PinnedActor } from '@jaegis/cluster';
import { binaryCodec } from '@jaegis/codec';
import {
  type Clock,
  type HealthSettings,
  type Heart,
  hasCode,
  type InboxStream,
  type JaegisError,
  type Logger,
  noHeart,
  type Random,
  type Store,
} from '@jaegis/core';
import { connectNats, findServer, type NatsConnection, startServers } from '@jaegis/nats';
import {
  type ProbeServer,
  pinoLogger,
  realClock,
  realHost,
  realRandom,
  realVitals,
  serveProbes,
  sha256,
} from '@jaegis/node';
import { type BreakerBoard, PolicyKeeper, StoreBoard, StoreShelf } from '@jaegis/resilience';
import { OpenTelemetry } from '@jaegis/telemetry';
import type { App, AppActor } from './app.ts';
import { clustersAt, noSuchCluster } from './clusters.ts';
import { withDefaults } from './health-options.ts';
import { JaegisNode } from './jaegis-node.ts';
import { announcementOf, keepable, keepTypes } from './keep-policies.ts';
import { networkBounds } from './network-options.ts';
import { NodeLife } from './node-life.ts';
import { type CheckedOptions, checkOptions, type NodeOptions } from './node-options.ts';
import { ownPool } from './own-pool.ts';
import { makePolicy } from './policies.ts';
import { type StreamOptions, streamPlans } from './stream-plans.ts';

/**
 * Starts a node: connects to NATS, joins the cluster and starts the app's actors. Resolves when it is a member.
 *
 * @throws InvalidConfigError, ConnectFailedError, ServerTooOldError, ServerNotFoundError, and as a client
 * NoSuchClusterError where there are other clusters and there never was this one; nothing is left running then.
 */
export async function startNode(options: NodeOptions = {}): Promise<JaegisNode> {
  const random = realRandom();
  const checked = checkOptions(options, random.id().slice(0, 6));
  const logger = pinoLogger({ level: options.logLevel ?? 'warn' }).child({
    node: checked.id,
    cluster: checked.cluster,
  });
  await using undo = new AsyncDisposableStack();
  const life = new NodeLife();
  // They answer from the first moment to the last.
  const probes = await answerProbes(checked, life, undo);
  if (probes) logger.info('probes are answered', { port: probes.port });
  let node: ClusterNode | undefined;
  const servers = await serverUrls(options, checked, undo);
  const connection = await connect(checked, servers, logger);
  undo.defer(() => connection.close());
  const health = withDefaults(checked.health);
  const heart = heartOf(connection, checked, health, () => node?.system.running);
  undo.defer(() => heart.stop());
  const clock = realClock();
  const pool = ownPool(clock, checked);
  undo.defer(() => pool.close());
  const world = { clock, random, logger };
  if (checked.role === 'client') await assertClusterOf(checked, connection, servers);
  const { healthJournal, turnJournal, inbox, blobs, bodies } = await openStreams(connection, checked, world);
  // A client may lack the permission to make them when it has something large to say.
  if (checked.role === 'member') await Promise.all([blobs.open(), bodies.open()]);
  const codec = binaryCodec();
  const ports = { ...world, codec, pool, transport: connection.transport };
  const keeper = undo.use(await openKeeper(connection, checked, world));
  let fail: (error: JaegisError) => void = () => {};
  let leave = () => {};
  const telemetry = new OpenTelemetry(realClock());
  undo.defer(() => telemetry.close());
  node = new ClusterNode({
    telemetry,
    cluster: checked.cluster,
    name: checked.id,
    role: checked.role,
    beforeItJoins: async (announce) => keeper?.start((dropped) => announce(announcementOf(dropped))),
    ...whatRuns(checked, () => node),
    ports: { ...ports, healthJournal, turnJournal, inbox, blobs, heart, vitals: realVitals() },
    health,
    leave: () => leave(),
    onFailure: (error) => fail(error),
  });
  undo.defer(() => node.stop(checked.drainMs));
  if (keeper) keepTypes(keeper, node.system.doors, options.app);
  await node.start();
  if (checked.role === 'member') void sweep(inbox, logger);
  await startActors(node, options.app);
  const { membership } = node;
  life.begun(() => begunAs(checked.role, membership, connection));
  const started = new JaegisNode({
    life,
    probePort: probes?.port,
    state: { cluster: checked.cluster, turnJournal, inbox, ...ports, digest: sha256, node: checked.id },
    node,
    cluster: checked.cluster,
    name: checked.id,
    pool,
    openBoard: () => openBoard(connection, checked, world),
    close: undo.move(),
  });
  fail = (error) => started.fail(error);
  leave = () => void started.stop();
  return started;
}

/** What breakers of a cluster share: made when it is first asked for. */
async function openBoard(
  connection: NatsConnection,
  options: CheckedOptions,
  world: StreamWorld,
): Promise<BreakerBoard> {
  const store = await openBreakers(connection, options);
  return new StoreBoard({ ...world, cluster: options.cluster, transport: connection.transport, store });
}

/** @returns Undefined where no policies are to be kept. */
async function openKeeper(
  connection: NatsConnection,
  options: CheckedOptions,
  { clock, logger }: StreamWorld,
): Promise<PolicyKeeper | undefined> {
  if (!options.keepPolicies) return undefined;
  const shelf = new StoreShelf(await openBreakers(connection, options), options.id);
  const policies = keepable('startNode', options.policies);
  return new PolicyKeeper({ clock, logger, policies, shelf });
}

/** The bucket of all breakers of a cluster. */
function openBreakers(
  connection: NatsConnection,
  { cluster, replicas = connection.replicas, storage }: CheckedOptions,
): Promise<Store> {
  return connection.openStore({ name: `JAEGIS_${cluster}_BREAKERS`, replicas, storage });
}

function begunAs(role: CheckedOptions['role'], membership: ClusterNode['membership'], { transport }: NatsConnection) {
  const { self, view, standing } = membership;
  return { role, connected: transport.connected, self, view, standing };
}

function connect({ id, auth, tls, inboxPrefix }: CheckedOptions, servers: string[], logger: Logger) {
  return connectNats({
    servers,
    name: id,
    logger,
    clock: realClock(),
    ...(auth ? { auth } : {}),
    ...(tls ? { tls } : {}),
    ...(inboxPrefix ? { inboxPrefix } : {}),
  });
}

/**
 * A client of a mistyped name would make streams for it and wait for nodes that never come. Where there is no cluster yet
 * it may be the first to come; a member may be so beside others too.
 */
async function assertClusterOf(
  { cluster, storage, inboxPrefix }: CheckedOptions,
  connection: NatsConnection,
  servers: readonly string[],
): Promise<void> {
  const { health } = streamPlans({ cluster, storage, replicas: connection.replicas });
  const missing = await connection.findJournal(health.name).then(
    () => false,
    // Whatever else is wrong, opening the streams says, or waits for its end.
    (error: unknown) => hasCode(error, 'invalid_config'),
  );
  if (!missing) return;
  const known = await clustersAt({ transport: connection.transport, inboxPrefix });
  if (known.length > 0 && !known.includes(cluster)) throw noSuchCluster(cluster, servers, known);
}

async function answerProbes(
  { probes }: CheckedOptions,
  life: NodeLife,
  undo: AsyncDisposableStack,
): Promise<ProbeServer | undefined> {
  if (probes === undefined) return undefined;
  const { port, host } = probes;
  return undo.use(await serveProbes({ port, probes: life, ...(host === undefined ? {} : { host }) }));
}

async function sweep(inbox: LargeInbox, logger: Logger): Promise<void> {
  try {
    await inbox.sweep();
  } catch (error) {
    logger.debug('large bodies that nobody needs were not looked for', { error });
  }
}

async function startActors(node: ClusterNode, app: App | undefined): Promise<void> {
  for (const actor of app?.actors ?? []) if (actor.pinned === undefined) await startActor(node, actor);
}

async function startActor({ system }: ClusterNode, { definition, pinned: _, ...spawn }: AppActor): Promise<void> {
  if (definition.kind === 'supervisor') await system.supervise(definition, spawn);
  else await system.spawn(definition, spawn);
}

/** What the node hosts, and what of all it takes. */
function whatRuns({ app, ...given }: CheckedOptions, node: () => ClusterNode | undefined) {
  const { weight, labels, policies, memory, network } = given;
  const bounds = {
    ...(memory ? { memory } : {}),
    ...(network ? { network: networkBounds(network, realClock()) } : {}),
  };
  const own = { weight, labels, policies, makePolicy, ...bounds };
  if (app === undefined) return { ...own, entities: [] };
  const { entities, singletons, startables, restartLimit } = app;
  return { ...own, entities, singletons, startables, restartLimit, pinned: pinnedActors(app, node) };
}

/** @param node Undefined while it is being made, when it starts nothing. */
function pinnedActors(app: App, node: () => ClusterNode | undefined): PinnedActor[] {
  return app.actors.flatMap((actor) => {
    const { name, pinned } = actor;
    if (pinned === undefined) return [];
    const labels = pinned === true ? [] : (pinned.labels ?? []);
    const start = async () => {
      const here = node();
      if (here) await startActor(here, actor);
    };
    return [{ name, labels: labels.toSorted(), start }];
  });
}

function heartOf(
  connection: NatsConnection,
  { cluster, role }: CheckedOptions,
  { beatMs: everyMs, stalledAfterMs }: HealthSettings,
  running: () => string | undefined,
): Heart {
  return role === 'member' ? connection.heart({ cluster, everyMs, stalledAfterMs, running }) : noHeart;
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

/** Those of a cluster; makes them if there are none. @throws ClusterMismatchError when they have other settings. */
export async function openStreams(
  connection: NatsConnection,
  { replicas = connection.replicas, ...options }: StreamOptions,
  world: StreamWorld,
) {
  const { cluster, storage } = options;
  const plans = streamPlans({ ...options, replicas });
  const healthJournal = await connection.openJournal(plans.health);
  const turnJournal = await connection.openJournal(plans.turns);
  const stream = await connection.openInbox(plans.inbox);
  const { inbox, bodies } = withBodies(connection, stream, { cluster, storage, replicas }, world);
  const blobs = connection.blobs(plans.large);
  return { healthJournal, turnJournal, inbox, blobs, bodies };
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
