import {
  type BudgetView,
  type ChildPlace,
  type Clock,
  ClusterUnavailableError,
  Deadlines,
  type ExitReason,
  errorMessage,
  InvalidDefinitionError,
  type JaegisError,
  limits,
  NoSuchActorError,
  noTelemetry,
  type Random,
  type RestartLimit,
  type Telemetry,
  type TreeNode,
  type Waiter,
} from '@jaegis/core';
import { type EdgeSink, noEdgeSink } from '../deadlock/edge-sink.ts';
import type { MakePolicy } from '../door/door-policy.ts';
import { Doors } from '../door/doors.ts';
import { FarChild, type FarChildOptions } from '../far/far-child.ts';
import { type ActorReport, actorReport, type Depth } from '../inspect/actor-report.ts';
import { cellsBelow } from '../inspect/census.ts';
import { LastCrashes } from '../inspect/last-crashes.ts';
import { Children } from '../supervisor/children.ts';
import type { SupervisorDefinition } from '../supervisor/definition.ts';
import { plainFlags } from '../supervisor/spawning.ts';
import type { Startable } from '../supervisor/spec.ts';
import { checkLimit } from '../supervisor/spec-fields.ts';
import { Supervisor, type SupervisorRef } from '../supervisor/supervisor.ts';
import { ActorCell } from './actor-cell.ts';
import type { Ask } from './ask.ts';
import { demonitor, monitor } from './bonds.ts';
import { CellKind, checkMemory } from './cell-kind.ts';
import type { ActorDefinition, Services } from './contract.ts';
import type { CrashReport } from './crash-report.ts';
import { DeadLetters } from './dead-letters.ts';
import type { Announcement } from './effect.ts';
import type { Far } from './far.ts';
import type { FlightEntry } from './flight-recorder.ts';
import { Groups } from './groups.ts';
import { Inbox } from './inbox.ts';
import type { Definition, Kernel } from './kernel.ts';
import type { MailboxMemory } from './mailbox-memory.ts';
import { Names, nobody } from './names.ts';
import { type ActorMonitor, type Home, Process, Relay, type Root, refOf } from './process.ts';
import type { AnyProtocol, Message, Protocol } from './protocol.ts';
import { type AnyRef, type AskOptions, makeRef, type Ref } from './ref.ts';
import { Scheduler } from './scheduler.ts';
import type { DownSignal } from './signal.ts';
import type { SpawnOptions } from './spawn-options.ts';
import { Traces } from './traces.ts';
import { UntracedClock } from './untraced-clock.ts';

export interface SystemOptions {
  readonly node: string;
  readonly services: Services;
  readonly random: Random;
  /** Of the root supervisor. Default 3 restarts within 5,000 ms. */
  readonly limit?: Partial<RestartLimit>;
  /** Where announcements and crash reports go. */
  readonly announce: (event: Announcement) => void;
  /** The root supervisor gave up: the node must stop with this reason. */
  readonly onFailure: (error: JaegisError) => void;
  /** Whether flight recorders and counters of time are kept. Default true. */
  readonly watch?: boolean;
  /** What messages may hold in mailboxes whose definitions have no budget of their own. Default: they are not counted. */
  readonly memory?: MailboxMemory;
  /** Default: nothing is traced. */
  readonly telemetry?: Telemetry;
  /** Makes the policies that definitions and specs name by options. Default: these can only give such that are ready. */
  readonly makePolicy?: MakePolicy | undefined;
  /** Who looks for deadlocks across nodes. Default: nobody. */
  readonly waits?: EdgeSink;
}

export interface StopOptions {
  /** Default `normal`. */
  readonly reason?: ExitReason;
  /** Then it is killed. Default 5,000 ms. */
  readonly timeoutMs?: number;
}

/** What paths of the users' actors begin with. */
const USER = '/user/';

/** The actors of one node: who lives under which path, who supervises whom, and whose turn it is. */
export class System implements Kernel {
  readonly node: string;
  readonly services: Services;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly deadlines: Deadlines;
  readonly names = new Names();
  readonly groups = new Groups();
  readonly deadLetters: DeadLetters;
  readonly waits: EdgeSink;
  readonly traces: Traces;
  readonly doors: Doors;
  readonly clock: Clock;
  readonly watch: boolean;
  /** Set by the cluster, if there is one. */
  far: Far | undefined = undefined;
  readonly #options: SystemOptions;
  readonly #root: Children;
  readonly #kinds = new Map<ActorDefinition<Protocol>, CellKind>();
  readonly #roots = new Map<string, Root>();
  readonly #lastCrashes = new LastCrashes();
  readonly #crashListeners = new Set<(report: CrashReport) => void>();

  constructor(options: SystemOptions) {
    this.node = options.node;
    this.services = options.services;
    this.random = options.random;
    this.traces = new Traces(options.telemetry ?? noTelemetry);
    this.watch = options.watch ?? true;
    this.waits = options.waits ?? noEdgeSink;
    this.#options = options;
    checkMemory('The system', options.memory, 'memory');
    const { clock } = options.services;
    this.clock = new UntracedClock(clock, this.traces);
    this.doors = new Doors(clock, options.makePolicy);
    // Whoever told the first message of a batch, or waits longest, has nothing to do with the others.
    const run = (act: () => void) => this.traces.outside(act);
    this.scheduler = new Scheduler(clock, run);
    this.deadlines = new Deadlines(clock, run);
    this.deadLetters = new DeadLetters((to, message) => this.#resend(to, message));
    const flags = { ...plainFlags, ...checkLimit('/user', options.limit ?? {}) };
    const parent = { kind: 'actor', path: () => '/user', onGiveUp: options.onFailure, onShutdown: () => {} } as const;
    this.#root = new Children(this, parent, flags);
  }

  /** Messages that wait in all mailboxes. */
  get waiting(): number {
    return this.scheduler.waiting;
  }

  /** The budgets of the mailboxes of all definitions that were used here, each once. */
  get budgets(): BudgetView[] {
    const used = [this.#options.memory, ...[...this.#kinds.values()].map(({ memory }) => memory)];
    return [...new Set(used.flatMap((memory) => memory?.budget ?? []))].map(({ view }) => view);
  }

  /** The address of the actor whose code runs at this moment; not known of what it does after its first `await`. */
  get running(): string | undefined {
    return this.scheduler.running?.address;
  }

  /** Starts an actor under the root supervisor; resolves when it is ready. Rejects with what its start threw. */
  async spawn<P extends Protocol>(definition: ActorDefinition<P>, options: SpawnOptions = {}): Promise<Ref<P>> {
    return refOf(await this.#launch(definition, options)) as unknown as Ref<P>; // the definition says what it takes
  }

  /** Starts a supervisor, with all its children, under the root supervisor. Rejects with what its start threw. */
  async supervise(definition: SupervisorDefinition, options: SpawnOptions = {}): Promise<SupervisorRef> {
    return (await this.#launch(definition, { shutdown: 'infinity', ...options })) as Supervisor; // made from this definition
  }

  /** Ends an actor or a supervisor for good. Rejects with `no_such_actor` when it is not there. Without one: all. */
  async stop(target?: AnyRef | string, options: StopOptions = {}): Promise<void> {
    if (target === undefined) return this.#stopAll();
    const { reason = 'normal', timeoutMs = limits.shutdownMs } = options;
    if (!(timeoutMs >= 0)) {
      throw new InvalidDefinitionError(`stop: timeoutMs is ${timeoutMs}; it must be a number from 0.`, {
        data: { path: 'timeoutMs' },
      });
    }
    const process = this.#existing(target, (found) => found.home instanceof Children && found.home.restarts(found));
    const { home } = process;
    if (home instanceof Children) await home.stopChild(process, reason, timeoutMs);
    else await process.shutdown(reason, timeoutMs);
  }

  /** Sends an exit signal from outside the actors. */
  exit(target: AnyRef | string, reason: ExitReason): void {
    this.#peer(target)?.receiveExit(undefined, reason, true);
  }

  /** Watches a process from outside the actors. */
  monitor(target: AnyRef | string): { readonly down: Promise<DownSignal>; demonitor(): boolean } {
    let told: (signal: DownSignal) => void;
    const down = new Promise<DownSignal>((resolve) => {
      told = resolve;
    });
    const watcher = { receiveDown: ({ signal }: ActorMonitor) => signal && told(signal) };
    const name = typeof target === 'string' ? target : target.address;
    const made = monitor(watcher, undefined, this.#peer(target), name, undefined);
    return { down, demonitor: () => demonitor(made) };
  }

  /** @throws NameTakenError, InvalidDefinitionError, NoSuchActorError */
  register(name: string, target: AnyRef): void {
    this.names.register(name, this.#existing(target));
  }

  /** @throws NoSuchActorError */
  unregister(name: string): void {
    this.names.unregister(name);
  }

  whereis(name: string): Ref<AnyProtocol> | undefined {
    return refOf(this.names.whereis(name));
  }

  registered(): string[] {
    return this.names.list();
  }

  /** A ref to whoever has the name when something is sent. */
  named<P extends Protocol = AnyProtocol>(name: string): Ref<P> {
    const holder = () => {
      const process = this.names.whereis(name);
      if (process instanceof Inbox) return process;
      throw nobody(name);
    };
    return makeRef<P>(name, {
      tell: (message) => this.deliver(name, message),
      ask: async (message, options) => holder().ask(message, options),
    });
  }

  onCrash(listener: (report: CrashReport) => void): { unsubscribe(): void } {
    this.#crashListeners.add(listener);
    return { unsubscribe: () => this.#crashListeners.delete(listener) };
  }

  /** All actors, except the entities. */
  cells(): Iterable<ActorCell> {
    return cellsBelow(this.#root);
  }

  /** What is known of a process of this node; undefined when there is none. */
  report(target: AnyRef | string, depth: Depth): ActorReport | undefined {
    const process = this.resolve(target);
    return process && actorReport(process, this.#lastCrashes.of(process.address), depth);
  }

  /** The last messages and transitions of an actor of this node, oldest first. */
  history(target: AnyRef | string): readonly FlightEntry[] {
    const process = this.#existing(target);
    return process instanceof ActorCell ? process.historyBefore(undefined) : [];
  }

  /**
   * A ref to an actor of this node by its address. It may not exist (yet).
   *
   * @param _definition what it takes and replies, for the compiler.
   * @throws NoSuchActorError for an address of another node.
   */
  at<P extends Protocol = AnyProtocol>(address: string, _definition?: ActorDefinition<P>): Ref<P> {
    if (address.startsWith(`${this.node}/`)) return this.ref(address.slice(this.node.length));
    throw new NoSuchActorError(`${JSON.stringify(address)} is no address of node "${this.node}".`);
  }

  /** The same by its path. */
  ref<P extends Protocol>(path: string): Ref<P> {
    const address = `${this.node}${path}`;
    return makeRef<P>(address, {
      tell: (message) => this.tell(path, message),
      ask: async (message, options) => this.ask(path, message, options),
    });
  }

  /** @throws OverloadedError */
  tell(path: string, message: Message): void {
    this.deliver(this.#at(path) ?? `${this.node}${path}`, message);
  }

  async ask(path: string, message: Message, options: AskOptions<unknown>): Promise<unknown> {
    const process = this.#at(path);
    return process instanceof Relay
      ? process.ask(message, options)
      : this.#inboxOf(process, path).ask(message, options);
  }

  /** A message from outside to an actor of this node, as its schema makes it; to another as it is. @throws InvalidMessageError */
  checked(address: string, message: Message): Message | Promise<Message> {
    const process = this.#atAddress(address);
    return process instanceof Inbox ? process.checked(message) : message;
  }

  /** A message from outside the process. @throws NoSuchActorError, InvalidMessageError, OverloadedError */
  receive(path: string, message: Message, ask: Ask | undefined): void {
    const process = this.#at(path);
    if (process instanceof Relay) {
      relay(process, message, ask);
      return;
    }
    const inbox = this.#inboxOf(process, path);
    if (ask !== undefined) ask.to = inbox as unknown as Waiter; // every actor is one
    inbox.receiveOutside(message, ask);
  }

  /** Adds a place for processes; its name is the first part of their paths. */
  addRoot(name: string, root: Root): void {
    this.#roots.set(name, root);
  }

  resolve(target: AnyRef | string): Process | undefined {
    // One that stands for a process of another node may stand for a former life of it.
    if (target instanceof Process) return target.isFar ? undefined : target;
    if (typeof target === 'string') return this.names.whereis(target) ?? this.#atAddress(target);
    return this.#atAddress(target.address);
  }

  deliver(target: Process | string, message: Message): void {
    const process = typeof target === 'string' ? this.names.whereis(target) : target;
    if (process instanceof Inbox || process instanceof Relay) {
      process.tell(message);
      return;
    }
    const to = typeof target === 'string' ? target : target.address;
    this.deadLetters.add({ to, message, reason: 'no_such_actor', at: this.services.clock.now() });
  }

  kindOf<P extends Protocol>(definition: ActorDefinition<P>): CellKind {
    const known = this.#kinds.get(definition);
    if (known) return known;
    const { type, options } = definition;
    const door = options.policy && this.doors.ofType(type, options.policy);
    const { memory } = this.#options;
    const made = new CellKind(definition, definition.behavior(this.services), this.watch, door, memory);
    this.#kinds.set(definition, made);
    return made;
  }

  makeProcess(home: Home, id: string, startable: Definition, input: unknown, place?: ChildPlace): Process {
    if (place !== undefined) return this.#makeFarChild({ home, id, startable, input, place });
    if (startable.kind === 'supervisor') {
      return new Supervisor(this, home, id, startable as SupervisorDefinition, input); // of that kind
    }
    const cell = new ActorCell(this, home, id, this.kindOf(startable as ActorDefinition<Protocol>)); // the only other
    if (input !== undefined) cell.coldFields.input = input;
    return cell;
  }

  #makeFarChild(child: Omit<FarChildOptions, 'kernel' | 'hosts'>): Process {
    const { far } = this;
    if (far !== undefined) return new FarChild({ ...child, kernel: this, hosts: far });
    throw new ClusterUnavailableError(`${child.home.addressOf(child.id)}: there is no cluster for a child to run in.`);
  }

  announce(event: Announcement): void {
    this.#options.announce(event);
  }

  readonly deadlockResolved = (error: JaegisError): void => {
    this.announce({ type: 'deadlock_resolved', error: error.message, ...error.data });
  };

  reportCrash(report: CrashReport): void {
    const { address, reason } = report;
    this.#lastCrashes.add(report);
    this.services.logger.error('actor crashed', { address, error: reason });
    const announce = () => this.announce({ type: 'actor_crashed', address, error: errorMessage(reason) });
    for (const tell of [announce, ...this.#crashListeners]) this.#tellListener(tell, report);
  }

  reportRestart(address: string, reason: ExitReason): void {
    this.announce({ type: 'actor_restarted', address, error: errorMessage(reason) });
  }

  reportEnd(address: string, what: string, reason: ExitReason): void {
    this.services.logger.error(what, { address, error: reason });
  }

  async #stopAll(): Promise<void> {
    await this.#root.shutdown();
    this.#root.release();
    this.deadlines.close();
  }

  inspect(): TreeNode {
    const doors = this.doors.ofTypes;
    return {
      id: 'user',
      kind: 'supervisor',
      type: 'one_for_one',
      status: 'running',
      mailbox: 0,
      handled: 0,
      restarts: this.#root.restartCount,
      ...(doors.length === 0 ? {} : { policies: doors.map(({ view }) => view) }),
      children: this.#root.inspect(),
    };
  }

  async #launch(startable: Startable, options: SpawnOptions): Promise<Process> {
    const { child, result } = this.#root.launch(startable, options);
    const settled = await result;
    if (settled.kind === 'failed') {
      this.#root.drop(child);
      throw settled.error;
    }
    if (!child.process || settled.kind === 'ignored') {
      throw new NoSuchActorError(`${this.node}/user/${child.id} was not started: its definition said \`ignore\`.`);
    }
    return child.process;
  }

  /** Whom monitors and exit signals go to: a process of this node or of another. */
  #peer(target: AnyRef | string): Process | undefined {
    return this.resolve(target) ?? this.far?.process(target);
  }

  #existing(target: AnyRef | string, isNearly: (process: Process) => boolean = () => false): Process {
    const process = this.resolve(target);
    if (process && (process.isAlive || isNearly(process))) return process;
    const shown = typeof target === 'string' ? target : target.address;
    throw new NoSuchActorError(`No actor lives at ${shown}.`, { data: { target: shown } });
  }

  #inboxOf(process: Process | undefined, path: string): Inbox {
    if (process instanceof Inbox) return process;
    throw new NoSuchActorError(`No actor lives at ${this.node}${path}.`);
  }

  #atAddress(address: string): Process | undefined {
    if (address.startsWith(`${this.node}/`)) return this.#at(address.slice(this.node.length));
    // An entity's address says nothing of the node that it is on.
    const found = this.#roots.get('entities')?.find(address.split('/'));
    return found?.rest.length === 0 ? found.process : undefined;
  }

  #at(path: string): Process | undefined {
    // Most asks of other nodes are to a child of the root: no list of parts for those.
    if (path.startsWith(USER) && !path.includes('/', USER.length)) return this.#root.child(path.slice(USER.length));
    const [, root = '', ...parts] = path.split('/');
    if (root !== 'user') {
      const { process, rest } = this.#roots.get(root)?.find(parts) ?? { process: undefined, rest: [] };
      return below(process, rest);
    }
    const [first = '', ...rest] = parts;
    return below(this.#root.child(first), rest);
  }

  #resend(to: string, message: Message): void {
    const process = this.resolve(to);
    this.deliver(process ?? to, message);
  }

  #tellListener(listener: (report: CrashReport) => void, report: CrashReport): void {
    try {
      listener(report);
    } catch (error) {
      this.services.logger.warn('a crash listener failed', { error });
    }
  }
}

/** What comes from another node for a process that runs on yet another. */
function relay(process: Relay, message: Message, ask: Ask | undefined): void {
  if (ask === undefined) {
    process.tell(message);
    return;
  }
  const { limitMs, signal } = ask;
  const answer = process.ask(message, limitMs === undefined ? { signal } : { timeoutMs: limitMs, signal });
  answer.then(
    (reply) => ask.reply(reply),
    (error: unknown) => ask.fail(error),
  );
}

function below(process: Process | undefined, path: readonly string[]): Process | undefined {
  let at = process;
  for (const id of path) at = at?.child(id);
  return at;
}
