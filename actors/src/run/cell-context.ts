import {
  ActorStoppedError,
  type EntityId,
  type ExitReason,
  InvalidDefinitionError,
  isDurableMessageId,
  NoSuchActorError,
  type Waiter,
} from '@jaegis/core';
import type { Asker, OpenWait } from '../deadlock/far-wait.ts';
import { startTimer, type TimerTarget } from './actor-timers.ts';
import { Alias } from './alias.ts';
import { Ask } from './ask.ts';
import { askId } from './ask-id.ts';
import { askTimeout } from './ask-timeout.ts';
import { askUnderPolicy } from './ask-tries.ts';
import type { InnerStep } from './async-step.ts';
import { demonitor, link, monitor, unlink } from './bonds.ts';
import type { ActorContext, ActorDefinition, ActorTimer, Behavior, ScheduleTime } from './contract.ts';
import { dueTime, timerName } from './due-time.ts';
import type { Announcement, Effect } from './effect.ts';
import { Inbox } from './inbox.ts';
import type { Kernel } from './kernel.ts';
import { ActorMonitor, bondsOf, type Process, refOf } from './process.ts';
import type { AnyProtocol, Message, MessageOf, Protocol, ReplyOf } from './protocol.ts';
import {
  type AnyRef,
  type AskOptions,
  type ClosableRef,
  type EntityRef,
  isEntityRef,
  type Ref,
  type SentAskOptions,
} from './ref.ts';
import type { ReplyHandle } from './reply-handle.ts';
import type { Monitor, MonitorOptions, NodeSignal } from './signal.ts';
import type { SpawnOptions } from './spawn-options.ts';

/** The actor behind a context, as far as the context needs it. */
export interface ContextOwner extends Inbox, Waiter {
  readonly address: string;
  readonly currentAsk: Ask | undefined;
  readonly lifeSignal: AbortSignal;
  readonly behavior: Behavior | undefined;
  readonly children: {
    spawn(definition: ActorDefinition<Protocol>, options: SpawnOptions, parent: Process): Process;
    stopChild(child: Process): Promise<void>;
  };
  readonly coldFields: { trapsExits: boolean | undefined; deferred: Set<Ask> | undefined };
  /** Whether its context has something to carry out: set by the context, so that most messages need not look there. */
  hasEffects: boolean;
  waitFor(ask: OpenWait, isInner: boolean): void;
  receiveNode(signal: NodeSignal): void;
  /** Tells, later, whether the handler that is under way now still is. */
  readonly step: () => boolean;
}

/** The {@link ActorContext} of one actor, or of a handler that runs inside a waiting one: collects effects. */
export class CellContext implements ActorContext {
  readonly #cell: ContextOwner;
  readonly #inner: InnerStep | undefined;
  #effects: Effect[] | undefined = undefined;
  /** Asks made before the handler was known to wait. */
  #waits: OpenWait[] | undefined = undefined;
  #isClosed = false;

  constructor(cell: ContextOwner, inner: InnerStep | undefined) {
    this.#cell = cell;
    this.#inner = inner;
  }

  get #kernel(): Kernel {
    return this.#cell.kernel;
  }

  get clock() {
    return this.#kernel.clock;
  }

  get logger() {
    return this.#kernel.services.logger;
  }

  get pool() {
    return this.#kernel.services.pool;
  }

  get self(): Ref<AnyProtocol> {
    return this.#cell;
  }

  get address(): string {
    return this.#cell.address;
  }

  get key(): string {
    return this.#cell.home.keyOf(this.#cell.id);
  }

  get signal(): AbortSignal {
    const { lifeSignal } = this.#cell;
    const ask = this.#ask;
    return ask ? AbortSignal.any([lifeSignal, ask.signal]) : lifeSignal;
  }

  get deadline(): number | undefined {
    return this.#ask?.leftMs(() => this.clock.monotonic());
  }

  get #ask(): Ask | undefined {
    return this.#inner ? this.#inner.ask : this.#cell.currentAsk;
  }

  entity<P extends Protocol>(definition: ActorDefinition<P>, key: string): EntityRef<P> {
    return this.#kernel.services.entity(definition, key);
  }

  actor<P extends Protocol>(address: string): Ref<P> {
    return this.#kernel.services.actor(address);
  }

  tell<P extends Protocol>(to: Ref<P>, message: MessageOf<P>): void {
    // Checked against what the ref takes; whoever delivers it need not know.
    this.#collectTraced({ kind: 'tell', to: to as unknown as Ref<AnyProtocol>, message: message as Message });
  }

  send(to: { readonly entity: EntityId }, message: Message): void {
    this.#assertEntity('send', 'tell or ask, or the send of the ref');
    this.#collectTraced({ kind: 'send', to: to.entity, message });
  }

  schedule(name: string, when: ScheduleTime, message: Message): void {
    this.#assertEntity('schedule', 'sendAfter');
    const at = dueTime(when, this.clock.now());
    this.#collectTraced({ kind: 'schedule', name: timerName(name), at, message });
  }

  unschedule(name: string): void {
    this.#assertEntity('unschedule', 'the timer that sendAfter returns');
    this.collect({ kind: 'unschedule', name: timerName(name) });
  }

  announce(event: Announcement): void {
    this.collect({ kind: 'announce', event });
  }

  /** Tells observers at once: for the runtime's own events, which no crash takes back. */
  announceNow(event: Announcement): void {
    this.#kernel.announce(event);
  }

  ask<P extends Protocol, M extends MessageOf<P>, Fallen = never>(
    to: Ref<P>,
    message: M,
    options: AskOptions<Fallen> = {},
  ): Promise<ReplyOf<P, M['type']> | Fallen> {
    if (this.#isOver) return Promise.reject(this.#over());
    if (options.policy !== undefined) return this.#askUnderPolicy(to, message, options);
    let timeoutMs: number;
    try {
      timeoutMs = Math.min(askTimeout(options), Math.ceil(this.deadline ?? Number.POSITIVE_INFINITY));
    } catch (error) {
      return Promise.reject(error);
    }
    const target = this.#hereOf(to);
    if (target === undefined) {
      const sent: SentAskOptions<Fallen> = { ...options, timeoutMs, sender: this.address, asker: this.#asker() };
      return to.ask(message, sent);
    }
    const { traces } = this.#kernel;
    if (!traces.isOn) return this.#askHere<P, M>(target, message, timeoutMs, options);
    return traces.ask(target.address, message as Message, () =>
      this.#askHere<P, M>(target, message, timeoutMs, options),
    );
  }

  /** Each try is an ask of its own, for the deadlock detector too; between tries nothing is waited for. */
  #askUnderPolicy<P extends Protocol, M extends MessageOf<P>, Fallen>(
    to: Ref<P>,
    message: M,
    options: AskOptions<Fallen>,
  ): Promise<ReplyOf<P, M['type']> | Fallen> {
    const { clock, deadline: leftMs } = this;
    const newKey = () => this.#kernel.random.id();
    const world = isEntityRef(to) ? { clock, leftMs, newKey } : { clock, leftMs };
    return askUnderPolicy(options, world, (once) => this.ask<P, M>(to, message, once));
  }

  /** The actor of this node behind the ref. An entity may move while it is asked: its ref sees to that. */
  #hereOf(to: AnyRef): Inbox | undefined {
    if (to instanceof Inbox) return to;
    const process = isEntityRef(to) ? undefined : this.#kernel.resolve(to);
    return process instanceof Inbox ? process : undefined;
  }

  #asker(): Asker {
    const cell = this.#cell;
    const inner = this.#inner;
    const isUnderWay = inner ? () => !inner.isOver : cell.step;
    return {
      waiter: inner?.waiter ?? cell,
      cause: this.#ask,
      waitFor: (ask) => {
        if (isUnderWay()) cell.waitFor(ask, inner !== undefined);
      },
    };
  }

  #askHere<P extends Protocol, M extends MessageOf<P>>(
    target: Inbox,
    message: M,
    timeoutMs: number,
    options: AskOptions<unknown>,
  ): Promise<ReplyOf<P, M['type']>> {
    return new Promise((resolve, reject) => {
      // The definition behind the ref says what it replies.
      const answer = { resolve: resolve as (reply: unknown) => void, reject };
      const ask = new Ask(message as Message, answer, askId(options));
      ask.from = this.#inner?.waiter ?? this.#cell;
      ask.to = target as unknown as Waiter; // every actor is one
      ask.cause = this.#ask;
      target.submit(ask, timeoutMs, options.signal);
      this.#cell.waitFor(ask, this.#inner !== undefined);
    });
  }

  defer(): ReplyHandle {
    const ask = this.#isOver ? undefined : this.#ask;
    // Nobody waits for the reply of a durable message: what answers it is the turn that consumed it.
    if (!ask || isDurableMessageId(ask.id)) return { isOpen: false, reply() {}, fail() {} };
    ask.putOff();
    const cold = this.#cell.coldFields;
    cold.deferred ??= new Set();
    const { deferred } = cold;
    deferred.add(ask);
    ask.onceSettled(() => deferred.delete(ask));
    return this.#cell.behavior?.deferred?.(ask) ?? ask;
  }

  spawn<P extends Protocol>(definition: ActorDefinition<P>, options: string | SpawnOptions = {}): Ref<P> {
    this.#refuseOver();
    const named = typeof options === 'string' ? { name: options } : options;
    const child = this.#cell.children.spawn(definition, named, this.#cell);
    return refOf(child) as unknown as Ref<P>; // the definition says what it takes
  }

  async stopChild(child: AnyRef): Promise<void> {
    this.#refuseOver();
    const process = this.#kernel.resolve(child);
    if (process) await this.#cell.children.stopChild(process);
  }

  exit(to: AnyRef, reason: ExitReason): void {
    this.#refuseOver();
    this.#peer(to)?.receiveExit(this.#cell, reason, true);
  }

  link(to: AnyRef): void {
    this.#refuseOver();
    const process = this.#peer(to);
    if (process) link(this.#cell, process);
    else this.#cell.receiveExit(undefined, 'noproc', false);
  }

  unlink(to: AnyRef): void {
    this.#refuseOver();
    const process = this.#peer(to);
    if (process) unlink(this.#cell, process);
  }

  trapExits(trap: boolean): void {
    this.#refuseOver();
    this.#cell.coldFields.trapsExits = trap;
  }

  monitor(target: AnyRef | string, options: MonitorOptions = {}): Monitor {
    this.#refuseOver();
    const name = typeof target === 'string' ? target : target.address;
    const made = monitor(this.#cell, this.#cell, this.#peer(target), name, options.tag);
    if (options.alias) {
      made.endsAlias = options.alias !== 'explicit';
      made.alias = this.#alias(options.alias === 'reply', () => demonitor(made));
      if (made.endsAlias && made.signal) made.alias?.close();
    }
    return made;
  }

  demonitor(given: Monitor, { info = false }: { readonly info?: boolean } = {}): boolean {
    if (!(given instanceof ActorMonitor) || given.owner !== this.#cell) {
      throw new InvalidDefinitionError(`${this.address}: this is no monitor of this actor.`);
    }
    const isInTime = demonitor(given);
    if (!info) given.signal = undefined;
    return isInTime;
  }

  register(name: string): void {
    this.#refuseOver();
    this.#kernel.names.register(name, this.#cell);
  }

  unregister(name: string): void {
    this.#refuseOver();
    this.#kernel.names.unregister(name);
  }

  whereis(name: string): Ref<AnyProtocol> | undefined {
    return refOf(this.#kernel.names.whereis(name));
  }

  join(group: string): void {
    this.#refuseOver();
    this.#kernel.groups.join(group, this.#cell);
  }

  leave(group: string): boolean {
    this.#refuseOver();
    return this.#kernel.groups.leave(group, this.#cell);
  }

  members(group: string, { local = false }: { readonly local?: boolean } = {}): readonly Ref<AnyProtocol>[] {
    const members = this.#kernel.groups.members(group);
    return (local ? members.filter(({ isFar }) => !isFar) : members) as unknown as Ref<AnyProtocol>[]; // see refOf
  }

  monitorNodes(monitor = true): void {
    this.#refuseOver();
    const { far } = this.#kernel;
    const bonds = bondsOf(this.#cell);
    bonds.unwatchNodes?.();
    bonds.unwatchNodes = monitor && far ? () => far.unwatchNodes(this.#cell) : undefined;
    if (monitor) far?.watchNodes(this.#cell);
  }

  sendAfter(time: number | { readonly at: number }, message: Message, to?: AnyRef | string): ActorTimer {
    this.#refuseOver();
    return startTimer(this.#kernel, time, message, this.#timerTarget(to));
  }

  alias({ reply = false }: { readonly reply?: boolean } = {}): ClosableRef {
    this.#refuseOver();
    return this.#alias(reply, undefined);
  }

  takeEffects(): readonly Effect[] {
    const effects = this.#effects;
    if (!effects || effects.length === 0) return nothing;
    this.#effects = undefined;
    return effects;
  }

  dropEffects(): void {
    this.#effects = this.#waits = undefined;
  }

  /** Its incarnation is over: what a handler that goes on all the same does with it has no effect. */
  close(): void {
    this.dropEffects();
    this.#isClosed = true;
  }

  /** Carries out these effects, then those that were collected. */
  perform(given: readonly Effect[] | undefined): void {
    if (given !== undefined) for (const effect of given) this.#perform(effect);
    this.#waits = undefined;
    const effects = this.#effects;
    if (effects === undefined || effects.length === 0) return;
    for (const effect of effects) this.#perform(effect);
    effects.length = 0;
  }

  /** Carries out these and no others: what a handler under way has collected waits for its end. */
  performNow(effects: readonly Effect[]): void {
    for (const effect of effects) this.#perform(effect);
  }

  #assertEntity(method: string, instead: string): void {
    if (this.#cell.home.kind === 'entity') return;
    throw new InvalidDefinitionError(`${this.address}: only a durable entity can ${method}; use ${instead}.`);
  }

  get #isOver(): boolean {
    return this.#isClosed || (this.#inner?.isOver ?? false);
  }

  #refuseOver(): void {
    if (this.#isOver) throw this.#over();
  }

  #over(): Error {
    return new ActorStoppedError(`This incarnation of ${this.address} is over; its context is no longer good.`);
  }

  addWait(ask: OpenWait): void {
    this.#cell.hasEffects = true;
    this.#waits ??= [];
    this.#waits.push(ask);
  }

  takeWaits(): readonly OpenWait[] {
    const waits = this.#waits;
    if (!waits) return nothing;
    this.#waits = undefined;
    return waits;
  }

  #collectTraced(effect: Effect): void {
    const { traces } = this.#kernel;
    this.collect(traces.isOn ? traces.ofActive(effect) : effect);
  }

  /** To be carried out when the step has succeeded. */
  collect(effect: Effect): void {
    if (this.#isOver) return;
    this.#cell.hasEffects = true;
    if (this.#effects) this.#effects.push(effect);
    else this.#effects = [effect];
  }

  #perform(effect: Effect): void {
    try {
      if (effect.kind === 'tell') this.#tell(effect);
      else if (effect.kind === 'announce') this.#kernel.announce(this.#signed(effect.event));
      else if (effect.kind === 'accepted' || effect.kind === 'answer') effect.run();
    } catch (error) {
      this.logger.warn('tell not delivered', { address: this.address, error });
    }
  }

  /** It leaves when the step has succeeded, which may be long after, and among others. */
  #tell({ to, message, trace }: Effect & { readonly kind: 'tell' }): void {
    const { traces } = this.#kernel;
    if (traces.isOn) traces.within(trace, () => to.tell(message));
    else to.tell(message);
  }

  /** An entity's announcements say whose they are. */
  #signed(event: Announcement): Announcement {
    return this.#cell.home.kind === 'entity' ? { ...event, entity: this.#cell.id } : event;
  }

  /** Whom links, monitors and exit signals go to: a process of this node or of another. */
  #peer(target: AnyRef | string): Process | undefined {
    return this.#kernel.resolve(target) ?? this.#kernel.far?.process(target);
  }

  #alias(takesOne: boolean, onReply: (() => void) | undefined): Alias {
    const made = new Alias(this.#cell, takesOne, onReply);
    bondsOf(this.#cell).aliases.add(made);
    return made;
  }

  #timerTarget(to: AnyRef | string | undefined): TimerTarget {
    if (to === undefined) return this.#cell;
    if (typeof to === 'string') return to;
    const process = this.#kernel.resolve(to);
    if (process instanceof Inbox) return process;
    throw new NoSuchActorError(`No actor of this node lives at ${to.address}.`);
  }
}

const nothing: readonly never[] = [];
