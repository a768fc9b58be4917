import { Deadlines, type Expiring, type Lane } from '@jaegis/actors';
import {
  AskTimeoutError,
  CancelledError,
  type Clock,
  limits,
  type Member,
  OverloadedError,
  type View,
} from '@jaegis/core';
import type { HeldPacket } from './held-packet.ts';
import { nodeDown } from './sending.ts';

/** What an ask is told that nobody answered in its time. */
export interface AskTo {
  readonly target: string;
  readonly type: string;
  readonly timeoutMs: number;
}

/** One ask that waits for its reply from another node. */
class PendingAsk implements Expiring {
  readonly to: AskTo;
  readonly member: Member;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly #asks: PendingAsks;
  readonly number: number;
  /** The packet that it left with. */
  packet: HeldPacket | undefined = undefined;
  onSettled: (() => void) | undefined = undefined;
  dueMs = 0;
  earlier: Expiring | undefined = undefined;
  later: Expiring | undefined = undefined;
  lane: Lane | undefined = undefined;

  constructor(
    asks: PendingAsks,
    number: number,
    member: Member,
    to: AskTo,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.#asks = asks;
    this.number = number;
    this.member = member;
    this.to = to;
    this.resolve = resolve;
    this.reject = reject;
  }

  expire(): void {
    const { target, type, timeoutMs } = this.to;
    const error = new AskTimeoutError(`${target} did not answer "${type}" in ${Math.round(timeoutMs)} ms.`);
    this.#asks.giveUp(this.number, error);
  }
}

const MOST_NUMBER = 2 ** 32;

/**
 * Asks to other nodes that wait for their replies, by number. Each ends: with the reply, with `node_down` as soon as
 * the server says that nobody listens or the view says that the node is gone, or when its time is up.
 */
export class PendingAsks {
  readonly #pending = new Map<number, PendingAsk>();
  readonly #deadlines: Deadlines;
  #last = 0;

  constructor(clock: Clock) {
    this.#deadlines = new Deadlines(clock);
  }

  /** @param send Sends it and returns its packet; what it throws is the answer. */
  add(member: Member, to: AskTo, send: (ask: number) => HeldPacket, signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(new CancelledError(`The ask "${to.type}" was cancelled.`));
        return;
      }
      if (this.#pending.size >= limits.pendingAsks) {
        reject(tooMany());
        return;
      }
      const number = this.#nextNumber();
      const ask = new PendingAsk(this, number, member, to, resolve, reject);
      try {
        ask.packet = send(number);
      } catch (error) {
        reject(error);
        return;
      }
      this.#pending.set(number, ask);
      if (signal !== undefined) this.#cancelWith(signal, ask);
      if (to.timeoutMs !== Number.POSITIVE_INFINITY) this.#deadlines.add(ask, to.timeoutMs);
    });
  }

  resolve(number: number, value: unknown): void {
    this.#take(number)?.resolve(value);
  }

  fail(number: number, error: unknown): void {
    this.#take(number)?.reject(error);
  }

  /** Its asker does not wait for it any longer. */
  giveUp(number: number, error: unknown): void {
    const ask = this.#take(number);
    if (ask === undefined) return;
    ask.reject(error);
    ask.packet?.withdraw(number);
  }

  /** Ends the asks to members that the view does not hold any more. */
  onView(view: View): void {
    for (const { number, member } of this.#pending.values()) {
      const stays = view.members.some((m) => m.id === member.id && m.incarnation === member.incarnation);
      if (!stays) this.fail(number, nodeDown(member, 'is gone'));
    }
  }

  stop(reason: Error): void {
    for (const number of [...this.#pending.keys()]) this.fail(number, reason);
    this.#deadlines.close();
  }

  #cancelWith(signal: AbortSignal, ask: PendingAsk): void {
    const cancel = () => this.giveUp(ask.number, new CancelledError(`The ask "${ask.to.type}" was cancelled.`));
    ask.onSettled = () => signal.removeEventListener('abort', cancel);
    signal.addEventListener('abort', cancel, { once: true });
  }

  #take(number: number): PendingAsk | undefined {
    const ask = this.#pending.get(number);
    if (ask === undefined) return undefined;
    this.#pending.delete(number);
    this.#deadlines.remove(ask);
    ask.onSettled?.();
    return ask;
  }

  /** Of 32 bits and never 0, which is no ask. One that is still waited for is left out. */
  #nextNumber(): number {
    do {
      this.#last = (this.#last + 1) % MOST_NUMBER;
    } while (this.#last === 0 || this.#pending.has(this.#last));
    return this.#last;
  }
}

function tooMany(): Error {
  return new OverloadedError(`${limits.pendingAsks} asks wait for replies already.`, {
    data: { limit: limits.pendingAsks, option: 'pendingAsks' },
  });
}
