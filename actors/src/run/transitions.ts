import type { Timer } from '@jaegis/core';
import type { Action, TimeoutTime } from './action.ts';
import { Ask, type Item } from './ask.ts';
import type { Kernel } from './kernel.ts';
import type { Message } from './protocol.ts';
import { Ring } from './ring.ts';

/** A timeout of an actor: waiting for its time, or fired and waiting to be handled. */
class Timeout {
  readonly name: string;
  message: Message;
  timer: Timer | undefined = undefined;
  isCancelled = false;

  constructor(name: string, message: Message) {
    this.name = name;
    this.message = message;
  }
}

/** A message that an actor sent to itself with `next`: it ends with the incarnation. */
class Inserted {
  readonly item: Item;

  constructor(item: Item) {
    this.item = item;
  }
}

/**
 * What gen_statem adds to a mailbox: messages put aside until the mode changes, messages of the actor to itself that go
 * first, and timeouts. Made for an actor when it first uses one of these. The order of a transition is gen_statem's:
 * postpone, bring back on a change of mode, insert, then timers, those of time zero last.
 */
export class Transitions {
  readonly #kernel: Kernel;
  readonly #wake: () => void;
  /** Goes before the mailbox. */
  #queue = new Ring<Item | Timeout | Inserted>();
  #postponed: Item[] = [];
  readonly #timeouts = new Map<string, Timeout>();

  constructor(kernel: Kernel, wake: () => void) {
    this.#kernel = kernel;
    this.#wake = wake;
  }

  /** Whether a message or a timeout will come by itself. */
  get isBusy(): boolean {
    return this.#queue.length > 0 || this.#timeouts.size > 0 || this.#postponed.length > 0;
  }

  get hasNext(): boolean {
    return this.#queue.length > 0;
  }

  /** Timeouts that run, by name. */
  get timeouts(): readonly string[] {
    return [...this.#timeouts.keys()];
  }

  /** The next message before those of the mailbox. Any message ends the `idle` timeout. */
  take(): Item | undefined {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      if (next instanceof Timeout) {
        if (next.isCancelled) continue;
        this.#timeouts.delete(next.name);
        this.messageTaken();
        return next.message;
      }
      this.messageTaken();
      return next instanceof Inserted ? next.item : next;
    }
    return undefined;
  }

  messageTaken(): void {
    if (this.#timeouts.size > 0) this.#cancel('idle');
  }

  /** After a handler succeeded. `item` is what it handled. */
  apply(actions: readonly Action[], item: Item | undefined, modeChanged: boolean): void {
    if (item && actions.some(({ kind }) => kind === 'postpone')) this.#postponed.push(item);
    if (modeChanged) this.#changeMode();
    for (const action of actions.toReversed()) {
      if (action.kind === 'next') this.#queue.unshift(new Inserted(inserted(action)));
    }
    for (const action of actions) this.#time(action);
    if (this.#queue.length > 0) this.#wake();
  }

  /** The incarnation is over: timeouts and messages to itself end with it; what was put aside waits for the next. */
  reset(): Item[] {
    for (const name of [...this.#timeouts.keys()]) this.#cancel(name);
    const kept = this.#postponed;
    this.#postponed = [];
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      if (next instanceof Inserted) {
        if (next.item instanceof Ask) kept.push(next.item);
      } else if (!(next instanceof Timeout)) kept.push(next);
    }
    return kept;
  }

  #changeMode(): void {
    this.#cancel('mode');
    for (const item of this.#postponed.reverse()) this.#queue.unshift(item);
    this.#postponed = [];
  }

  #time(action: Action): void {
    if (action.kind === 'timeout') this.#start(action.name, action.time, action.message);
    else if (action.kind === 'cancel') this.#cancel(action.name);
    else if (action.kind === 'update') {
      const timeout = this.#timeouts.get(action.name);
      if (timeout) timeout.message = action.message;
      else this.#start(action.name, 0, action.message);
    }
  }

  #start(name: string, time: TimeoutTime, message: Message): void {
    this.#cancel(name);
    if (time === 'infinity') return;
    const { clock } = this.#kernel.services;
    const delayMs = typeof time === 'number' ? time : Math.max(0, time.at - clock.monotonic());
    const timeout = new Timeout(name, message);
    this.#timeouts.set(name, timeout);
    if (delayMs === 0) {
      this.#queue.push(timeout);
      return;
    }
    timeout.timer = clock.setTimer(delayMs, () => {
      timeout.timer = undefined;
      this.#queue.push(timeout);
      this.#wake();
    });
  }

  #cancel(name: string): void {
    const timeout = this.#timeouts.get(name);
    if (!timeout) return;
    this.#timeouts.delete(name);
    timeout.isCancelled = true;
    this.#kernel.services.clock.clearTimer(timeout.timer);
  }
}

function inserted({ message, replyTo }: Extract<Action, { kind: 'next' }>): Item {
  if (!replyTo) return message;
  const answer = { resolve: (value: unknown) => replyTo.reply(value), reject: (error: unknown) => replyTo.fail(error) };
  return new Ask(message, answer, undefined);
}
