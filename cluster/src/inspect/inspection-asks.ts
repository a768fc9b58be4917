import {
  type Clock,
  type Delivery,
  limits,
  type Member,
  NodeDownError,
  OverloadedError,
  type Timer,
  type Transport,
  type View,
} from '@jaegis/core';

interface Pending {
  readonly member: Member;
  readonly timer: Timer;
  readonly resolve: (data: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

export interface InspectionAsksOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Replies arrive below this subject: one subscription for all asks. */
  readonly replySubject: string;
}

/**
 * Requests to other nodes that wait for their replies. Each ends: with the reply, with `node_down` as soon as the
 * server says that nobody listens or the view says that the node is gone, or when its time is up.
 */
export class InspectionAsks {
  readonly #options: InspectionAsksOptions;
  readonly #pending = new Map<string, Pending>();
  #next = 1;

  constructor(options: InspectionAsksOptions) {
    this.#options = options;
    options.transport.subscribe(`${options.replySubject}.*`, (delivery) => this.#onReply(delivery));
  }

  request(
    member: Member,
    subject: string,
    data: Uint8Array,
    timeoutMs: number,
    onTimeout: () => Error,
  ): Promise<Uint8Array> {
    const { transport, clock, replySubject } = this.#options;
    if (this.#pending.size >= limits.pendingAsks) {
      throw new OverloadedError(`${limits.pendingAsks} asks wait for replies already.`, {
        data: { limit: limits.pendingAsks, option: 'pendingAsks' },
      });
    }
    return new Promise((resolve, reject) => {
      const id = (this.#next++).toString(36);
      const timer = clock.setTimer(timeoutMs, () => this.#take(id)?.reject(onTimeout()));
      this.#pending.set(id, { member, timer, resolve, reject });
      try {
        transport.publish(subject, data, { replyTo: `${replySubject}.${id}` });
      } catch (error) {
        this.#take(id)?.reject(error);
      }
    });
  }

  /** Ends the requests to members that the view does not hold any more. */
  onView(view: View): void {
    for (const [id, { member }] of this.#pending) {
      const stays = view.members.some((m) => m.id === member.id && m.incarnation === member.incarnation);
      if (!stays) this.#take(id)?.reject(nodeDown(member));
    }
  }

  stop(reason: Error): void {
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(reason);
  }

  #onReply(delivery: Delivery): void {
    const pending = this.#take(delivery.subject.slice(delivery.subject.lastIndexOf('.') + 1));
    if (!pending) return;
    if (delivery.noResponders) pending.reject(nodeDown(pending.member));
    else pending.resolve(delivery.data);
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending) {
      this.#pending.delete(id);
      this.#options.clock.clearTimer(pending.timer);
    }
    return pending;
  }
}

function nodeDown(member: Member): Error {
  return new NodeDownError(`Node "${member.id}" is gone.`, { data: { node: member.id } });
}
