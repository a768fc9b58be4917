/** What supervisors supervise, links link and monitors watch, and what ties these to each other. */
import { type ChildPlace, type ExitReason, InvalidDefinitionError, type TreeNode } from '@jaegis/core';
import type { Gate } from '../door/gate.ts';
import type { AnyProtocol, Message } from './protocol.ts';
import type { AskOptions, ClosableRef, Ref } from './ref.ts';
import type { DownSignal, Monitor } from './signal.ts';

/** Where processes live: a supervisor, an actor, or the host of entities. It decides what follows when one of them ends. */
export interface Home {
  readonly kind: 'actor' | 'entity';
  pathOf(id: string): string;
  addressOf(id: string): string;
  /** The entity's key, or the actor's name. */
  keyOf(id: string): string;
  /** An incarnation is over; nothing of it runs any more, its names are free and its bonds are told. */
  childEnded(child: Process, reason: ExitReason): void;
  /** How long it may take to stop where nobody ordered it to, in ms. Default 5,000. */
  stopMs?(child: Process): number;
  /** It is asleep until its next message. Where others can make it anew, its home may forget it. */
  childSleeps?(child: Process): void;
  /** A message that it has not handled and will not. Whether its home has found somebody else for it. */
  takesBack?(child: Process, message: Message): boolean;
}

/** A further place where processes live, beside those that were spawned. */
export interface Root {
  find(path: readonly string[]): { readonly process: Process | undefined; readonly rest: readonly string[] };
}

/** How a start is ordered. */
export interface StartOrders {
  readonly startTimeoutMs: number;
  /** The name to hold from the start. */
  readonly register: string | undefined;
}

/** An actor or a supervisor. It keeps its identity over restarts; links, monitors, names and groups belong to one start. */
export abstract class Process {
  readonly id: string;
  readonly home: Home;
  /** Counts the starts that succeeded or are under way. */
  incarnation = 0;
  /** Made when first needed: most actors have none. */
  bonds: Bonds | undefined = undefined;

  constructor(home: Home, id: string) {
    this.home = home;
    this.id = id;
  }

  /** What a console shows of a ref: its address, and not what is behind it. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `<${this.address}>`;
  }

  get path(): string {
    return this.home.pathOf(this.id);
  }

  get address(): string {
    return this.home.addressOf(this.id);
  }

  /** Whether an incarnation is starting, running or stopping. */
  abstract get isAlive(): boolean;

  /** An exit signal arrives. `sent`: by `exit`, and not over a link; only such a `kill` cannot be refused. */
  abstract receiveExit(from: Process | undefined, reason: ExitReason, sent: boolean): void;
  abstract receiveDown(monitor: ActorMonitor): void;

  /** Begins an incarnation. Never throws or rejects. */
  abstract begin(orders: StartOrders): StartResult | Promise<StartResult>;
  /**
   * Ends the incarnation as its home orders it: by `reason` if it does, by force after `waitMs`. Never throws or rejects.
   * Undefined: it has ended. Its home hears of the end as of any other, and before that.
   *
   * @param isGentle What is under way is not told to hurry; the force too is `reason`, as for one that goes on elsewhere.
   */
  abstract shutdown(reason: ExitReason, waitMs: number, isGentle?: boolean): Promise<void> | undefined;
  /** Ends the incarnation and all below it now, without their consent. */
  abstract kill(reason: ExitReason): void;
  /** It will not be started again, or not by itself: what waits for it is given back. */
  abstract release(): void;
  /** From the next start on it is this, there, if it is of the same sort: a ref stays good over new versions of a definition. */
  abstract adopt(startable: { readonly kind: string; readonly type: string }, place?: ChildPlace): boolean;
  abstract child(id: string): Process | undefined;
  abstract inspect(): TreeNode;

  /** What asks go through from now on, until it adopts something again. @throws InvalidDefinitionError where it takes none. */
  guard(_door: Gate): void {
    throw new InvalidDefinitionError(`${this.address}: a policy is for an actor of this node.`, {
      data: { path: 'policy' },
    });
  }

  /** Whether it ended because the node was lost that it ran on: that was no fault of its own. */
  get isLost(): boolean {
    return false;
  }

  /** Whether it lives on another node, where this one stands for it. */
  get isFar(): boolean {
    return false;
  }

  /** What links and monitors are told where it is not alive. */
  get absence(): ExitReason {
    return 'noproc';
  }

  /** A process of this node is linked to it from now on. Of interest where it stands for one of another node; so are the next three. */
  linked(_one: Process): void {}
  unlinked(_one: Process): void {}
  watched(_made: ActorMonitor): void {}
  unwatched(_made: ActorMonitor): void {}
}

/** Stands for an actor that runs elsewhere: what it is sent goes on to there. */
export abstract class Relay extends Process {
  abstract tell(message: Message): void;
  abstract ask(message: Message, options?: AskOptions<unknown>): Promise<unknown>;
}

export type StartResult =
  | { readonly kind: 'started' }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'failed'; readonly error: unknown };

export const started: StartResult = { kind: 'started' };
export const ignored: StartResult = { kind: 'ignored' };

/**
 * What ties an incarnation to others and ends with it: links, monitors both ways, names, groups, timers and aliases.
 * Links and monitors as in Erlang: a link is single and works both ways; each monitor is its own.
 */
export class Bonds {
  readonly links = new Set<Process>();
  /** Who watches this process. */
  readonly watchers = new Set<ActorMonitor>();
  /** Whom it watches. */
  readonly watching = new Set<ActorMonitor>();
  readonly names = new Set<string>();
  readonly groups = new Set<string>();
  readonly timers = new Set<{ cancel(): unknown }>();
  readonly aliases = new Set<ClosableRef>();
  /** Takes back its watch over the nodes of the cluster. */
  unwatchNodes: (() => void) | undefined = undefined;
}

/** Made when first needed: most processes have none. */
export function bondsOf(process: Process): Bonds {
  process.bonds ??= new Bonds();
  return process.bonds;
}

/** Who is told when a process ends. */
export interface Watcher {
  receiveDown(monitor: ActorMonitor): void;
}

/** One watch of a watcher over an incarnation of a process. It fires at most once. */
export class ActorMonitor implements Monitor {
  readonly target: string;
  readonly watcher: Watcher;
  /** The watcher, where it is a process. */
  readonly owner: Process | undefined;
  readonly tag: unknown;
  /** Undefined once it has fired or was taken back. */
  watched: Process | undefined = undefined;
  alias: ClosableRef | undefined = undefined;
  /** The alias ends with the monitor. */
  endsAlias = false;
  /** Its signal comes after the messages that are there before it: of a process of another node. */
  isInOrder = false;
  /** From firing until the watcher has handled or discarded it. */
  signal: DownSignal | undefined = undefined;

  constructor(target: string, watcher: Watcher, owner: Process | undefined, tag: unknown) {
    this.target = target;
    this.watcher = watcher;
    this.owner = owner;
    this.tag = tag;
  }

  fire(from: Process | undefined, reason: ExitReason): void {
    this.watched = undefined;
    this.owner?.bonds?.watching.delete(this);
    this.signal = { type: 'down', monitor: this, from: refOf(from), reason, tag: this.tag };
    if (this.endsAlias) this.alias?.close();
    this.watcher.receiveDown(this);
  }
}

/** Actors are refs; a supervisor is one that takes no messages. */
export function refOf(process: Process | undefined): Ref<AnyProtocol> | undefined {
  return process as unknown as Ref<AnyProtocol> | undefined;
}
