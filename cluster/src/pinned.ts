import {
  type AskOptions,
  askTimeout,
  askUnderPolicy,
  type Message,
  makeRef,
  type Protocol,
  type Ref,
} from '@jaegis/actors';
import {
  AskTimeoutError,
  backoffDelay,
  type Clock,
  hasCode,
  isSameLife,
  type Logger,
  type Member,
  presentWeight,
  type Random,
  rendezvousOwner,
  sleep,
  type View,
} from '@jaegis/core';
import { noOwner } from './no-owner.ts';
import { hasLabels, type Labels, noLabels } from './placement.ts';

/** An actor of which the cluster runs one, without a record: on the node that the view says, anew when that changes. */
export interface PinnedActor {
  readonly name: string;
  /** What its node must have. Default: nothing. */
  readonly labels?: Labels;
  /** Starts it under the root of this node, with its name. */
  readonly start: () => Promise<unknown>;
}

export interface PinnedActorsOptions {
  readonly actors: readonly PinnedActor[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly self: () => Member;
  /** Ends the actor of that name on this node, where it is. */
  readonly end: (name: string) => Promise<void>;
  /** Resolves when the member does not run it any more, or is gone. */
  readonly handedOver: (member: Member, name: string, epoch: number) => Promise<void>;
}

/** Stands for the node in the address of a pinned actor, wherever it runs. */
export const ANYWHERE = '*';

const RETRY = { firstMs: 100, maxMs: 5_000 };
/** How soon it is looked again for an actor that is just being moved, in ms. */
const LOOK_MS = 20;

/** One of them on this node: what is wanted, and what is. */
class Pin {
  readonly actor: PinnedActor;
  isWanted = false;
  runs = false;
  /** Where it ran before, and the epoch of the view by which it moved here. */
  former: { readonly member: Member; readonly epoch: number } | undefined;
  work: Promise<void> | undefined;

  constructor(actor: PinnedActor) {
    this.actor = actor;
  }
}

/** Runs the pinned actors that are this node's by the view, and ends those that are not any more. */
export class PinnedActors {
  readonly #options: PinnedActorsOptions;
  readonly #pins: ReadonlyMap<string, Pin>;
  readonly #stop = new AbortController();

  constructor(options: PinnedActorsOptions) {
    this.#options = options;
    this.#pins = new Map(options.actors.map((actor) => [actor.name, new Pin(actor)]));
  }

  onView(view: View, previous: View): void {
    const { self } = this.#options;
    for (const pin of this.#pins.values()) {
      const { name, labels } = pin.actor;
      const owner = pinnedOwner(name, view, labels);
      const before = pinnedOwner(name, previous, labels);
      const member = before && view.members.find((other) => isSameLife(other, before) && !isSameLife(other, self()));
      pin.isWanted = owner !== undefined && isSameLife(owner, self());
      if (member !== undefined) pin.former = { member, epoch: view.epoch };
      this.#reconcile(pin);
    }
  }

  /** Resolves when this node does not run the actor, or is to run it again. */
  async released(name: string): Promise<void> {
    const pin = this.#pins.get(name);
    while (pin?.work !== undefined && !pin.isWanted) await pin.work;
  }

  /** Resolves when this node runs nothing that another is to run. */
  async allReleased(): Promise<void> {
    await Promise.all([...this.#pins.keys()].map((name) => this.released(name)));
  }

  /** What runs is ended with all other actors. */
  stop(): void {
    this.#stop.abort();
  }

  #reconcile(pin: Pin): void {
    if (pin.isWanted === pin.runs) return;
    pin.work ??= this.#work(pin).finally(() => {
      pin.work = undefined;
    });
  }

  async #work(pin: Pin): Promise<void> {
    const { clock, random, logger } = this.#options;
    for (let attempt = 1; pin.isWanted !== pin.runs && !this.#stop.signal.aborted; attempt++) {
      try {
        await (pin.isWanted ? this.#begin(pin) : this.#end(pin));
      } catch (error) {
        logger.error('a pinned actor did not start', { name: pin.actor.name, error });
        await sleep(clock, backoffDelay(attempt, random.next(), RETRY), this.#stop.signal);
      }
    }
  }

  async #begin(pin: Pin): Promise<void> {
    const { former, actor } = pin;
    pin.former = undefined;
    if (former) await this.#options.handedOver(former.member, actor.name, former.epoch);
    if (!pin.isWanted || this.#stop.signal.aborted) return;
    await actor.start();
    pin.runs = true;
  }

  async #end(pin: Pin): Promise<void> {
    await this.#options.end(pin.actor.name);
    pin.runs = false;
  }
}

/** Which member runs it. Undefined when none may. */
export function pinnedOwner(name: string, { members }: View, labels = noLabels): Member | undefined {
  const able = members.filter((member) => hasLabels(member, labels));
  const contenders = able.map((member) => ({ id: member.id, weight: presentWeight(member), member }));
  return rendezvousOwner(`pinned-${name}`, contenders)?.member;
}

export interface PinnedRefOptions {
  readonly name: string;
  readonly labels: Labels;
  readonly clock: Clock;
  readonly view: () => View;
  readonly tell: (node: string, message: Message) => void;
  readonly ask: (node: string, message: Message, options: AskOptions<unknown>) => Promise<unknown>;
}

/**
 * A ref to a pinned actor, wherever it runs. An ask that finds it on its way is asked again; one that was cut off while it
 * was handled is not, since it may have had its effect.
 */
export function pinnedRef<P extends Protocol>(address: string, options: PinnedRefOptions): Ref<P> {
  const nodeOf = () => {
    const { name, labels, view } = options;
    const owner = pinnedOwner(name, view(), labels);
    if (owner === undefined) throw noOwner(address, labels, view());
    return owner.id;
  };
  const ask = async (message: Message, given: AskOptions<unknown> = {}): Promise<unknown> => {
    const { clock } = options;
    if (given.policy !== undefined) return askUnderPolicy(given, { clock }, (once) => ask(message, once));
    const timeoutMs = askTimeout(given);
    const ends = clock.monotonic() + timeoutMs;
    let last: unknown;
    for (let leftMs = timeoutMs; leftMs > 0; leftMs = ends - clock.monotonic()) {
      try {
        return await options.ask(nodeOf(), message, { ...given, timeoutMs: leftMs });
      } catch (error) {
        if (!NOT_THERE.some((code) => hasCode(error, code))) throw error;
        last = error;
        await sleep(clock, LOOK_MS);
      }
    }
    throw new AskTimeoutError(`${address} did not answer "${message.type}" in ${timeoutMs} ms.`, { cause: last });
  };
  return makeRef<P>(address, { tell: (message) => options.tell(nodeOf(), message), ask });
}

/** It was not handled. */
const NOT_THERE = ['no_such_actor', 'actor_stopped', 'cluster_unavailable'] as const;
