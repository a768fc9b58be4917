import {
  ActorStoppedError,
  hasCode,
  InvalidMessageError,
  isDurableMessageId,
  type JaegisError,
  OverloadedError,
} from '@jaegis/core';
import type { Gate } from '../door/gate.ts';
import { Ask, type Item } from './ask.ts';
import { askId } from './ask-id.ts';
import { askTimeout } from './ask-timeout.ts';
import { askUnderPolicy } from './ask-tries.ts';
import type { CellKind } from './cell-kind.ts';
import { HeldBytes, isGivenUp, isHopeless } from './held-bytes.ts';
import type { Kernel } from './kernel.ts';
import type { MailboxMemory } from './mailbox-memory.ts';
import { checkPayload } from './payload.ts';
import { type Home, Process } from './process.ts';
import type { AnyProtocol, Message, MessageOf, ReplyOf } from './protocol.ts';
import type { AskOptions } from './ref.ts';
import { RefusedAsk } from './refused-ask.ts';
import { Ring } from './ring.ts';
import type { Signal } from './signal.ts';

/** The side of an actor that takes messages in: a bounded mailbox, made for the first message. */
export abstract class Inbox extends Process {
  readonly kernel: Kernel;
  kind: CellKind;
  #mail: Ring<Item> | undefined = undefined;
  #held: HeldBytes | undefined = undefined;
  highWater = 0;
  /** Whether messages are taken: from its first start until it is released. */
  isOpen = false;

  /** Messages that wait. */
  get length(): number {
    return this.#mail === undefined ? 0 : this.#mail.length;
  }

  /** Bytes that they and what is under way hold of a budget. Undefined: it has none. */
  get heldBytes(): number | undefined {
    return this.#held?.bytes;
  }

  /** The oldest of them. */
  firstWaiting(most: number): Item[] {
    return this.#mail?.first(most) ?? [];
  }

  constructor(kernel: Kernel, home: Home, id: string, kind: CellKind) {
    super(home, id);
    this.kernel = kernel;
    this.kind = kind;
  }

  override guard(door: Gate): void {
    this.kind = this.kind.behind(door);
  }

  /** Something waits: see that it is handled. */
  abstract wake(): void;
  /** Whether it handles the ask on the spot: it is idle, nobody else is at work, and it has no budget to ask before. */
  protected abstract handleNow(ask: Ask): boolean;
  /** An ask arrives while another of the same chain is being handled: true if it is handled at once. */
  protected abstract interleave(ask: Ask): boolean;

  tell(given: Message): void {
    if (given === undefined || given === null) throw noMessage(given);
    const { traces } = this.kernel;
    const message = traces.isOn ? traces.told(given) : given;
    if (this.kind.checksAlways) this.#checked(message, undefined);
    else this.accept(message);
  }

  ask<M extends MessageOf<AnyProtocol>, Fallen = never>(
    message: M,
    options?: AskOptions<Fallen>,
  ): Promise<ReplyOf<AnyProtocol, M['type']> | Fallen> {
    if (options?.policy !== undefined)
      return askUnderPolicy(options, this.kernel.services, (once) => this.ask<M>(message, once));
    const { traces } = this.kernel;
    if (traces.isOn) return traces.ask(this.address, message, () => this.#ask(message, options));
    return this.#ask(message, options);
  }

  #ask<M extends MessageOf<AnyProtocol>>(
    message: M,
    options?: AskOptions<unknown>,
  ): Promise<ReplyOf<AnyProtocol, M['type']>> {
    return new Promise((resolve, reject) => {
      // What it replies is known to whoever has a typed ref.
      const ask = new Ask(message, { resolve: resolve as (reply: unknown) => void, reject }, askId(options));
      this.submit(ask, askTimeout(options), options?.signal);
    });
  }

  /** Takes an ask in, with the time it has. Never throws: what goes wrong is its answer. */
  submit(ask: Ask, timeoutMs: number, signal?: AbortSignal): void {
    ask.limitMs = timeoutMs;
    if (signal) ask.cancelWith(signal);
    if (ask.message === undefined || ask.message === null) {
      ask.fail(noMessage(ask.message));
      return;
    }
    if (this.kernel.traces.isOn) this.kernel.traces.carryActive(ask);
    if (this.kind.checksAlways) this.#checked(ask.message, ask);
    else if (this.kind.door !== undefined || !this.handleNow(ask)) this.acceptAsk(ask);
    ask.startTime(this.kernel.deadlines, this);
  }

  /** From outside the process: what its schema says is checked. Throws as {@link tell}, and InvalidMessageError. */
  receiveOutside(message: Message, ask: Ask | undefined): void {
    if (this.kind.options.schema) this.#checked(message, ask);
    else if (ask) this.acceptAsk(ask);
    else this.accept(message);
  }

  /** A message from outside as its schema makes it, to be taken in then. @throws, or rejects with, InvalidMessageError */
  checked(message: Message): Message | Promise<Message> {
    const { schema } = this.kind.options;
    return schema ? checkPayload(this.kind.type, schema, message) : message;
  }

  acceptAsk(ask: Ask): void {
    try {
      if (ask.isOpen && !this.interleave(ask)) this.admit(ask);
    } catch (error) {
      ask.fail(error);
    }
  }

  /** Through the door, if there is one. What was sent durably waits for no reply: nobody could be told to come again. */
  protected admit(ask: Ask): void {
    const { door } = this.kind;
    if (door === undefined || isDurableMessageId(ask.id)) this.accept(ask);
    else door.pass(this, ask);
  }

  /** @throws OverloadedError, or ActorStoppedError for an ask. */
  accept(item: Item): void {
    if (!this.isOpen) {
      this.giveBack(item);
      return;
    }
    if (this.#mail === undefined) this.#mail = new Ring();
    const mail = this.#mail;
    if (mail.length >= this.kind.mailboxLimit && !this.#makeRoom(mail, item)) return;
    if (this.kind.memory !== undefined && !this.#hold(this.kind.memory, item)) return;
    mail.push(item);
    this.kernel.scheduler.waiting++;
    if (mail.length > this.highWater) this.highWater = mail.length;
    this.wake();
  }

  protected take(): Item | undefined {
    const item = this.#mail?.shift();
    if (item !== undefined) this.kernel.scheduler.waiting--;
    return item;
  }

  /** Its turn is over, or it will have none: nothing of it is kept here. */
  letGo(item: Item | Signal): void {
    if (this.#held !== undefined) this.#held.giveBack(item);
  }

  /** How many were taken and are not let go of. */
  protected get taken(): number {
    return this.#mail === undefined ? 0 : this.#mail.taken;
  }

  /** Lets go of what was taken; the newest `most` messages are noted before. */
  protected forgetTaken(most: number, keep: { record(item: Item): void } | undefined): void {
    this.#mail?.forget(most, keep);
  }

  /** Before all that waits. Not bounded: it was taken in before. */
  putBack(item: Item): void {
    this.#mail ??= new Ring();
    this.#mail.unshift(item);
    this.kernel.scheduler.waiting++;
  }

  /** Gives everything back to its senders. @param why What asks end with. Default: the actor has stopped. */
  protected empty(why?: unknown): void {
    const mail = this.#mail;
    this.#mail = undefined;
    this.kernel.scheduler.waiting -= mail?.length ?? 0;
    for (let item = mail?.shift(); item; item = mail?.shift()) this.giveBack(item, why);
  }

  giveBack(item: Item, why: unknown = this.stoppedError()): void {
    this.letGo(item);
    if (item instanceof Ask) item.fail(why);
    else if (this.home.takesBack?.(this, item) !== true) this.bury(item, 'actor_stopped');
  }

  protected bury(message: Message, reason: 'actor_stopped' | 'dropped'): void {
    const { deadLetters, services } = this.kernel;
    deadLetters.add({ to: this.address, message, reason, at: services.clock.now() });
  }

  stoppedError(): JaegisError {
    return new ActorStoppedError(`${this.address} has stopped.`);
  }

  /** Whether there is room now for the item. */
  #makeRoom(mail: Ring<Item>, item: Item): boolean {
    const { whenFull } = this.kind;
    if (whenFull === 'drop-oldest') {
      const oldest = mail.drop();
      this.kernel.scheduler.waiting--;
      if (oldest) {
        this.letGo(oldest);
        this.#drop(oldest);
      }
      return true;
    }
    if (whenFull === 'refuse') throw this.#full();
    this.#drop(item);
    return false;
  }

  /** Whether its budget has room for the item. */
  #hold(memory: MailboxMemory, item: Item): boolean {
    if (isGivenUp(item)) return true;
    this.#held ??= new HeldBytes();
    try {
      this.#held.take(memory, item, this.home.keyOf(this.id));
      return true;
    } catch (error) {
      if (isHopeless(item, error)) {
        this.accept(new RefusedAsk(item, error));
        return false;
      }
      if (this.kind.whenFull === 'refuse' || !hasCode(error, 'overloaded')) throw error;
      this.#drop(item, error);
      return false;
    }
  }

  #drop(item: Item, why: unknown = this.#full()): void {
    if (item instanceof Ask) item.fail(why);
    else this.bury(item, 'dropped');
  }

  #full(): JaegisError {
    const limit = this.kind.mailboxLimit;
    return new OverloadedError(`The mailbox of ${this.address} holds ${limit} messages, its limit.`, {
      data: { limit, option: 'mailbox.limit' },
    });
  }

  #checked(message: Message, ask: Ask | undefined): void {
    const { schema = {} } = this.kind.options;
    const take = (checked: Message) => {
      if (ask) this.acceptAsk(ask.withMessage(checked));
      else this.accept(checked);
    };
    const refuse = (error: unknown) => {
      if (!ask) throw error;
      ask.fail(error);
    };
    try {
      const checked = checkPayload(this.kind.type, schema, message);
      if (!(checked instanceof Promise)) {
        take(checked);
        return;
      }
      checked.then(take, refuse).catch((error: unknown) => this.#refused(error));
    } catch (error) {
      refuse(error);
    }
  }

  #refused(error: unknown): void {
    this.kernel.services.logger.warn('tell refused', { address: this.address, error });
  }
}

function noMessage(given: unknown): JaegisError {
  return new InvalidMessageError(`A message is an object with a type; this is ${given}.`, { data: { path: '' } });
}
