import {
  type ActorDefinition,
  type EntityRef,
  type Protocol,
  type Ref,
  SINGLETON,
  type SpawnOptions,
  type System,
} from '@jaegis/actors';
import {
  type BackupReport,
  backup,
  type ClusterEvent,
  type ClusterNode,
  deadLettersOf,
  type EntityLetters,
  exportEntity,
  historyOf,
  type ImportOptions,
  type ImportReport,
  importEntity,
  type StatePorts,
  turnOf,
} from '@jaegis/cluster';
import type { EntityId, JaegisError, KeptTurn, Subscription, TreeNode, View, WorkerPool } from '@jaegis/core';
import { folderArchive, realClock, realRandom } from '@jaegis/node';
import { type BreakerBoard, type BreakerOptions, ClusterBreaker } from '@jaegis/resilience';
import type { NodeLife } from './node-life.ts';

interface Parts {
  readonly life: NodeLife;
  readonly probePort: number | undefined;
  readonly node: ClusterNode;
  readonly cluster: string;
  readonly name: string;
  readonly pool: WorkerPool;
  readonly state: StatePorts;
  readonly openBoard: () => Promise<BreakerBoard>;
  readonly close: AsyncDisposableStack;
}

/** A running node, and the way to every actor and entity of its cluster. Stop it with `stop` or `await using`. */
export class JaegisNode implements AsyncDisposable {
  readonly name: string;
  readonly cluster: string;
  /** Where its probes are answered, if they are. */
  readonly probePort: number | undefined;
  /** Settles when the node has stopped; with the reason when it failed. */
  readonly stopped: Promise<JaegisError | undefined>;
  readonly #parts: Parts;
  readonly #settle: (reason: JaegisError | undefined) => void;
  #board: Promise<BreakerBoard> | undefined;
  #stopping: Promise<void> | undefined;
  #reason: JaegisError | undefined;

  /** Made by `startNode`. */
  constructor(parts: Parts) {
    this.#parts = parts;
    this.name = parts.name;
    this.cluster = parts.cluster;
    this.probePort = parts.probePort;
    const { promise, resolve } = Promise.withResolvers<JaegisError | undefined>();
    this.stopped = promise;
    this.#settle = resolve;
  }

  /** Who belongs to the cluster, as this node knows it. */
  get view(): View {
    return this.#parts.node.membership.view;
  }

  get pool(): WorkerPool {
    return this.#parts.pool;
  }

  /**
   * A breaker that all nodes of the cluster with one of this name share, for a policy: they open and close together, and
   * let through `probes` calls in all. Without the servers each decides by itself. Close it when it is not needed any more.
   *
   * @throws InvalidConfigError for an option; StorageUnavailableError and PermissionDeniedError as streams that cannot be
   * opened.
   */
  async clusterBreaker(options: BreakerOptions): Promise<ClusterBreaker> {
    this.#board ??= this.#parts.openBoard();
    const opening = this.#board;
    const board = await opening.catch((error: unknown) => {
      if (this.#board === opening) this.#board = undefined; // so that the next one asks again
      throw error;
    });
    return new ClusterBreaker(options, { clock: realClock(), random: realRandom(), board, node: this.name });
  }

  /** A ref to a durable entity. It need not exist: it begins with its first message. */
  entity<P extends Protocol>(definition: ActorDefinition<P>, key: string): EntityRef<P> {
    return this.#parts.node.entity(definition, key);
  }

  /** A ref to the one entity of a singleton of the app, wherever it runs. */
  singleton<P extends Protocol>(definition: ActorDefinition<P>): EntityRef<P> {
    return this.entity(definition, SINGLETON);
  }

  /**
   * The actors and supervisors of this node: what can be done with them besides {@link spawn}, as supervising, linking,
   * watching, and what is known about their crashes.
   */
  get system(): System {
    return this.#parts.node.system;
  }

  /** Starts an actor on this node, under its root supervisor; resolves when it is ready. */
  spawn<P extends Protocol>(
    definition: ActorDefinition<P>,
    name: string,
    options: Omit<SpawnOptions, 'name'> = {},
  ): Promise<Ref<P>> {
    return this.system.spawn(definition, { ...options, name });
  }

  /** A ref to an actor by its address, `node/path`, on this node or another; with `*` for the node, to a pinned one. */
  actor<P extends Protocol>(address: string): Ref<P> {
    return this.#parts.node.actor(address);
  }

  /** Called at every change of {@link view}. */
  onView(listener: (view: View) => void): Subscription {
    return this.#parts.node.onView(listener);
  }

  /** What happens in the cluster: the runtime's events and what actors announce. Delivered at most once. */
  onEvent(listener: (event: ClusterEvent) => void): Subscription {
    return this.#parts.node.events.subscribe(listener);
  }

  /**
   * The entity's turns that are kept, oldest first: what each left, when it was written, and who sent what. Those that
   * cannot be read are left out: its dead letters name them.
   */
  history({ entity }: { readonly entity: EntityId }): AsyncGenerator<KeptTurn> {
    return historyOf(this.#parts.state, entity);
  }

  /**
   * The entity's state as a turn left it, in the form of the version that wrote it.
   * @throws TurnNotKeptError, which names the oldest and the newest turn that are kept; CorruptRecordError.
   */
  async stateAt({ entity, turn }: { readonly entity: EntityId; readonly turn: number }): Promise<unknown> {
    return (await turnOf(this.#parts.state, entity, turn)).state;
  }

  /**
   * What the cluster's entities have put aside: messages that they gave up, turns that they lost, and records that cannot be
   * read. Read from their records, so also of those that are not active; one read for each entity.
   */
  deadLetters(): AsyncGenerator<EntityLetters> {
    return deadLettersOf(this.#parts.state);
  }

  /**
   * The entity as bytes to be kept or carried to another cluster: its newest record and the history that is kept, with a
   * digest. @throws NoSuchActorError when it has no record.
   */
  exportEntity(entity: EntityId): Promise<Uint8Array> {
    return exportEntity(this.#parts.state, entity);
  }

  /**
   * Takes in what {@link exportEntity} gave: one turn, so that it is there whole or not at all. Whoever has the entity in
   * memory is fenced at its next turn. Its timers are set again; it goes on with its next message.
   *
   * @throws CorruptRecordError when the document is not as it was exported, AlreadyExistsError when there is an entity of
   * the name and it is not to be replaced, FencedError when its owner wrote meanwhile, each time this tried again.
   */
  importEntity(document: Uint8Array, options: ImportOptions = {}): Promise<ImportReport> {
    return importEntity(this.#parts.state, document, options);
  }

  /**
   * Writes the state of all entities of the cluster, their timers and the messages that wait in inboxes to files of an
   * empty folder, while the cluster runs. To be restored by `openClusterState`, or `jaegis restore`.
   * @throws AlreadyExistsError when the folder is not empty, InvalidConfigError when it cannot be used.
   */
  backup(folder: string): Promise<BackupReport> {
    return backup(this.#parts.state, folderArchive(folder));
  }

  /** This node's supervision tree. */
  tree(): TreeNode {
    return this.#parts.node.inspect();
  }

  /**
   * Hands over what it has to the others, bounded by the option `drainMs`, leaves the cluster, ends what runs here and
   * closes the connection.
   */
  stop(): Promise<void> {
    this.#parts.life.ends();
    this.#stopping ??= this.#parts.close.disposeAsync().finally(() => this.#settle(this.#reason));
    return this.#stopping;
  }

  /** Stops because of a failure that nobody here could mend. */
  fail(error: JaegisError): void {
    this.#reason ??= error;
    this.#parts.life.ends(error.message);
    void this.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
