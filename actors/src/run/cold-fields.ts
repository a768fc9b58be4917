import type { ExitReason, Timer } from '@jaegis/core';
import type { Children } from '../supervisor/children.ts';
import type { Ask, Item } from './ask.ts';
import type { ActorMonitor } from './process.ts';
import type { Message } from './protocol.ts';
import { Ring } from './ring.ts';
import type { ExitSignal, NodeSignal } from './signal.ts';
import type { StopHost } from './stop-host.ts';

/** A message of the kernel or of the behaviour to its own actor, that overtakes the mailbox. */
export class Posted {
  readonly message: Message;

  constructor(message: Message) {
    this.message = message;
  }
}

export type Urgent = FarUrgent | Posted;

export type FarUrgent = ExitSignal | ActorMonitor | NodeSignal;

/** A signal of another node, and how many messages were there before it and have not been taken. */
export interface Behind {
  readonly signal: FarUrgent;
  left: number;
}

/** The last good state of an incarnation, for the next. */
export interface Kept {
  /** As `preserve` of its behaviour gave it. */
  readonly state: unknown;
  readonly version: number;
  /** The same as plain data, for a migration. */
  readonly plain: () => unknown;
}

/** A message that is tried again after a time. */
export interface Retry {
  readonly item: Item;
  readonly timer: Timer;
}

/** What only some actors need: made when first needed, so that the others stay small. */
export class ColdFields {
  input: unknown = undefined;
  /** Signals, and what the behaviour posts: before all messages. */
  readonly urgent = new Ring<Urgent>();
  /** Signals of other nodes, which come in order with what was told before them. */
  readonly behind: Behind[] = [];
  children: Children | undefined = undefined;
  /** Aborts at the end of the incarnation. */
  life: AbortController | undefined = undefined;
  /** Overrides the definition until the end of the incarnation. */
  trapsExits: boolean | undefined = undefined;
  lastError: unknown = undefined;
  failures = 0;
  kept: Kept | undefined = undefined;
  /** Asks to be answered later through their handles. */
  deferred: Set<Ask> | undefined = undefined;
  /** How often a message has crashed the actor that is tried again. */
  tries: WeakMap<object, number> | undefined = undefined;
  /** The message that is the first to be handled after the restart. */
  again: Item | undefined = undefined;
  /** Messages that wait until they are tried again. */
  retries: Set<Retry> | undefined = undefined;
  /** Ends a start that is under way. */
  abortStart: ((reason: ExitReason) => void) | undefined = undefined;
  /** The order to end once the step under way has settled. */
  pendingStop: { readonly reason: ExitReason } | undefined = undefined;
  /** What its stop function sees, while that takes its time. */
  stopping: StopHost | undefined = undefined;
  /** It sleeps, and the stop function of before is not done yet. */
  resting: Promise<void> | undefined = undefined;
  /** Who waits for the end of the incarnation. */
  onEnded: (() => void)[] = [];

  /** @param behind So many messages go before it. Undefined: none. */
  add(signal: FarUrgent, behind: number | undefined): void {
    if (behind === undefined) this.urgent.push(signal);
    else this.behind.push({ signal, left: behind });
  }

  /** Whether a signal goes before the next message. @param isEmpty The mailbox. */
  hasDue(isEmpty: boolean): boolean {
    if (this.urgent.length > 0) return true;
    const [first] = this.behind;
    return first !== undefined && (isEmpty || first.left <= 0);
  }

  /** What {@link hasDue} says is there. */
  takeDue(): Urgent | undefined {
    return this.urgent.shift() ?? this.behind.shift()?.signal;
  }

  /** So many messages were taken from before the signals that wait behind them; fewer than 0: put back. */
  passed(messages: number): void {
    for (const waiting of this.behind) waiting.left -= messages;
  }

  /** Aborts at the end of the incarnation, which may have come. */
  lifeSignal(isOver: boolean): AbortSignal {
    this.life ??= new AbortController();
    if (isOver) this.life.abort();
    return this.life.signal;
  }

  /** The incarnation is over. Returns the asks that its handlers had put off. */
  end(reason: ExitReason): Iterable<Ask> {
    this.life?.abort(reason);
    this.stopping?.close();
    this.life = this.trapsExits = this.pendingStop = this.abortStart = undefined;
    this.stopping = this.resting = this.again = undefined;
    while (this.urgent.length > 0) this.urgent.shift();
    this.behind.length = 0;
    const deferred = this.deferred ?? [];
    this.deferred = undefined;
    return deferred;
  }
}
