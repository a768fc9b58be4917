/**
 * One incarnation of a machine: XState's actor, hooked so that its time is the kernel's, its failures are ours, and what
 * moves it without a message is known. Used by {@link MachineBehavior} only.
 */
import { CorruptRecordError, type Timer } from '@jaegis/core';
import {
  type AnyActor,
  type AnyActorLogic,
  type AnyActorRef,
  type AnyActorScope,
  type AnyMachineSnapshot,
  createActor,
  type EventObject,
  type Snapshot,
} from 'xstate';
import type { BehaviorHost } from '../run/contract.ts';
import type { Message } from '../run/protocol.ts';
import { actorAt, childrenOf, kindOf, stateOf, stopTree } from './children.ts';
import { Delays } from './delays.ts';
import type { Emitted } from './effects.ts';
import { Journal, persistedOf } from './journal.ts';
import { type MachineKind, movedType } from './kind.ts';
import { MachineMemory, type Preserved, type StateRecord } from './preserved.ts';
import { type Owed, planRestore } from './restore.ts';

/** Makes a machine evaluate its `always` transitions, and nothing else. */
const lookAround: EventObject = { type: 'xstate.init' };
const moved: Message = { type: movedType };

export class LiveMachine {
  readonly #kind: MachineKind;
  readonly #host: BehaviorHost;
  readonly #actor: AnyActor;
  readonly #delays: Delays;
  readonly #journal = new Journal();
  #scope: AnyActorScope | undefined;
  #owed: readonly Owed[] = [];
  #message: Message | undefined;
  #isInside = true;
  #isPosted = false;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  /** What its actions emitted since this was last emptied. */
  emitted: Emitted[] = [];

  constructor(kind: MachineKind, host: BehaviorHost, preserved: Preserved | undefined) {
    this.#kind = kind;
    this.#host = host;
    const { clock, logger } = host.context;
    this.#delays = new Delays(clock, (error) => this.#failed(error));
    this.#actor = createActor(this.#logic(preserved), {
      input: inputFrom(host),
      clock: {
        setTimeout: (callback: () => void, delayMs: number) => clock.setTimer(delayMs, () => callback()),
        clearTimeout: (timer: Timer) => clock.clearTimer(timer),
      },
      logger: (...args: unknown[]) => logger.info('machine log', { args }),
      ...(preserved ? { snapshot: preserved.snapshot as Snapshot<unknown> } : {}), // what restoreSnapshot below takes
    });
    Object.assign(this.#actor.system.scheduler, this.#delays.scheduler);
    this.#actor.subscribe({ error: (error) => this.#failed(error) });
  }

  /** @throws what the machine threw, or CorruptRecordError where the preserved state does not fit it. */
  start(): AnyMachineSnapshot {
    this.#actor.start();
    this.#isInside = false;
    if (this.#failure) {
      this.stop();
      throw this.#failure.error;
    }
    this.commit();
    return this.snapshot;
  }

  get snapshot(): AnyMachineSnapshot {
    return this.#actor.getSnapshot();
  }

  get hasDelays(): boolean {
    return !this.#delays.isEmpty;
  }

  /** @throws what the machine threw. */
  step(message: Message): void {
    if (message.type === movedType) {
      this.#isPosted = false;
      return;
    }
    this.#message = message;
    this.#isInside = true;
    this.#actor.send(message);
    this.#isInside = false;
    this.#message = undefined;
    if (this.#failure) throw this.#failure.error;
  }

  /** The state is good: what was before is no longer needed. */
  commit(): void {
    this.#delays.commit();
    this.#journal.commit();
  }

  /** The state, which must be the last good one, with its children and delays as they were then. */
  record(state: AnyMachineSnapshot): MachineMemory {
    return new MachineMemory(this.#journal.record(state), this.#delays.record(this.#actor));
  }

  post(): void {
    if (this.#isPosted || this.#isInside || this.#isOver) return;
    this.#isPosted = true;
    this.#host.post(moved);
  }

  stop(): void {
    this.#isOver = true;
    this.#actor.stop();
    for (const [, child] of childrenOf(this.snapshot)) stopTree(child);
    this.#delays.stop();
  }

  /** The machine as XState sees it; each event that reaches it passes here. */
  #logic(preserved: Preserved | undefined): AnyActorLogic {
    const { machine } = this.#kind;
    return {
      config: machine.config,
      getInitialSnapshot: (scope, input) => machine.getInitialSnapshot(this.#hooked(scope), input),
      restoreSnapshot: (_snapshot, scope) => this.#restore(preserved, this.#hooked(scope)),
      getPersistedSnapshot: (snapshot, options) => machine.getPersistedSnapshot(snapshot, options),
      transition: (snapshot: AnyMachineSnapshot, event: EventObject, scope) => {
        if (event !== this.#message) return this.#move(snapshot, event, scope);
        return this.#next(snapshot, event, scope);
      },
      start: (snapshot: AnyMachineSnapshot) => {
        if (preserved) this.#resume(snapshot, preserved);
        else machine.start(snapshot);
      },
    };
  }

  /** XState's scope, with what we want to know of put in between. */
  #hooked(scope: AnyActorScope): AnyActorScope {
    this.#scope = {
      ...scope,
      emit: (event: EventObject) => {
        // A reply is for the message under way; there is none when the machine moves by itself.
        if (event.type !== 'jaegis.reply' || this.#message) this.emitted.push(event as Emitted); // others are passed over
      },
      stopChild: (child) => {
        this.#journal.noteStop(child);
        scope.stopChild(child);
      },
    };
    return this.#scope;
  }

  /** An event that is not the message under way: of a child, a delay, or the machine's own. */
  #move(snapshot: AnyMachineSnapshot, event: EventObject, scope: AnyActorScope): AnyMachineSnapshot {
    if (this.#owed.some((owed) => owed.event === event && !(owed.event.actorId in snapshot.children))) return snapshot;
    if (!this.#isOver) this.#journal.noteEvent(event, snapshot);
    const next = this.#next(snapshot, event, scope);
    // Once the snapshot is in place and all else that the move wants is done.
    if (!this.#isInside && next.status !== 'error') scope.defer(() => this.post());
    return next;
  }

  #next(snapshot: AnyMachineSnapshot, event: EventObject, scope: AnyActorScope): AnyMachineSnapshot {
    const { machine, quickSteps } = this.#kind;
    const own = this.#scope ?? scope;
    return quickSteps.take(snapshot, event, own) ?? machine.transition(snapshot, event, own);
  }

  #restore(preserved: Preserved | undefined, scope: AnyActorScope): AnyMachineSnapshot {
    const { machine, restore } = this.#kind;
    const { snapshot } = preserved as Preserved; // restoring is asked for only then
    if (isAsItWas(snapshot, machine)) return snapshot;
    try {
      const record = 'machine' in snapshot ? persistedOf(snapshot as AnyMachineSnapshot) : (snapshot as StateRecord);
      const plan = planRestore(record, restore.invoked);
      this.#owed = plan.owed;
      return machine.restoreSnapshot(plan.state as Snapshot<unknown>, scope) as AnyMachineSnapshot; // of this machine
    } catch (cause) {
      throw new CorruptRecordError(`The preserved state does not fit the machine "${machine.id}".`, { cause });
    }
  }

  /** What XState's restore leaves out: delays first, for what follows may cancel them; then `always`, then the owed. */
  #resume(snapshot: AnyMachineSnapshot, preserved: Preserved): void {
    this.#delays.restore(preserved.delays, this.#actor, this.#kind.restore.delays);
    this.#actor.send(lookAround);
    this.#kind.machine.start(snapshot);
    for (const [, child] of childrenOf(snapshot)) lookAroundBelow(child);
    for (const { to, event } of this.#owed) {
      const parent = actorAt(this.#actor, to);
      if (parent && stateOf(parent).children?.[event.actorId]) parent.send(event);
    }
  }

  #failed(error: unknown): void {
    if (this.#isOver) return;
    const isFirst = this.#failure === undefined;
    this.#failure ??= { error };
    if (isFirst && !this.#isInside) this.#host.crash(error);
  }
}

function lookAroundBelow(ref: AnyActorRef): void {
  if (kindOf(ref) !== 'machine' || stateOf(ref).status !== 'active') return;
  ref.send(lookAround);
  for (const [, child] of childrenOf(stateOf(ref))) lookAroundBelow(child);
}

/** A snapshot of this machine that nothing has to be done about. */
function isAsItWas(snapshot: Preserved['snapshot'], machine: unknown): snapshot is AnyMachineSnapshot {
  return 'machine' in snapshot && snapshot.machine === machine && Object.keys(snapshot.children ?? {}).length === 0;
}

/** The input of the spawn and the key: a machine that knows its input by name need not know that it is an actor. */
function inputFrom({ context, input }: BehaviorHost): object {
  const fields = typeof input === 'object' && input !== null ? input : input === undefined ? {} : { input };
  return { ...fields, key: context.key };
}
