import type { FarWait } from '@jaegis/actors';
import {
  AskTimeoutError,
  CancelledError,
  type Clock,
  type DeadlineLane,
  Deadlines,
  type Expiring,
  limits,
  type Member,
  OverloadedError,
  type View,
} from '@jaegis/core';
import type { Withdrawable } from './detour.ts';
import { nodeDown } from './sending.ts';

/** One ask that is about to leave. */
export interface LeavingAsk {
  readonly member: Member;
  readonly target: string;
  /** Whether it is to an entity, which any node may own. */
  readonly isForEntity: boolean;
  /** Of its message. */
  readonly type: string;
  readonly timeoutMs: number;
  /** The packet that it leaves with. */
  readonly packet: Withdrawable;
  readonly signal: AbortSignal | undefined;
  /** The wait of the actor that asks. */
  readonly wait?: FarWait | undefined;
}

type Resolve = (value: unknown) => void;
type Reject = (error: unknown) => void;

/** One ask that waits for its reply from another node. */
class PendingAsk implements Expiring {
  readonly number: number;
  readonly member: Member;
  readonly target: string;
  readonly isForEntity: boolean;
  readonly type: string;
  readonly timeoutMs: number;
  readonly packet: Withdrawable;
  readonly resolve: Resolve;
  readonly reject: Reject;
  readonly #asks: PendingAsks;
  onSettled: (() => void) | undefined = undefined;
  dueMs = 0;
  earlier: Expiring | undefined = undefined;
  later: Expiring | undefined = undefined;
  lane: DeadlineLane | undefined = undefined;

  constructor(asks: PendingAsks, number: number, leaving: LeavingAsk, resolve: Resolve, reject: Reject) {
    this.#asks = asks;
    this.number = number;
    this.member = leaving.member;
    this.target = leaving.target;
    this.isForEntity = leaving.isForEntity;
    this.type = leaving.type;
    this.timeoutMs = leaving.timeoutMs;
    this.packet = leaving.packet;
    this.resolve = resolve;
    this.reject = reject;
  }

  expire(): void {
    const { target, type, timeoutMs } = this;
    const error = new AskTimeoutError(`${target} did not answer "${type}" in ${Math.round(timeoutMs)} ms.`);
    this.#asks.giveUp(this.number, error);
  }
}

const MOST_NUMBER = 2 ** 32;

/** One function for all promises, which would have one each otherwise; it is called before `new Promise` returns. */
const settlers: { resolve: Resolve; reject: Reject } = { resolve: () => {}, reject: () => {} };
const takeSettlers = (resolve: Resolve, reject: Reject): void => {
  settlers.resolve = resolve;
  settlers.reject = reject;
};

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

  /** The number of the next ask. @throws CancelledError, OverloadedError when there may be none. */
  begin(type: string, signal: AbortSignal | undefined): number {
    if (signal?.aborted) throw new CancelledError(`The ask "${type}" was cancelled.`);
    if (this.#pending.size >= limits.pendingAsks) throw tooMany();
    return this.#nextNumber();
  }

  /** Its reply. @param number From {@link begin}, which was called just now. */
  wait(number: number, leaving: LeavingAsk): Promise<unknown> {
    const promise = new Promise<unknown>(takeSettlers);
    const ask = new PendingAsk(this, number, leaving, settlers.resolve, settlers.reject);
    this.#pending.set(number, ask);
    if (leaving.wait !== undefined) this.#settleWith(ask, leaving.wait);
    if (leaving.signal !== undefined) this.#cancelWith(leaving.signal, ask);
    if (leaving.timeoutMs !== Number.POSITIVE_INFINITY) this.#deadlines.add(ask, leaving.timeoutMs);
    return promise;
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
    ask.packet.withdraw(number);
  }

  /** The lives that have not answered all asks. */
  get awaited(): ReadonlySet<string> {
    return new Set([...this.#pending.values()].map(({ member }) => member.incarnation));
  }

  /** Ends the asks to members that the view does not hold any more. */
  onView(view: View): void {
    for (const { number, member } of this.#pending.values()) {
      const stays = view.members.some((m) => m.id === member.id && m.incarnation === member.incarnation);
      if (!stays) this.fail(number, nodeDown(member, 'is gone'));
    }
  }

  /** Ends those to entities. */
  giveUpEntities(reason: Error): void {
    for (const { number, isForEntity } of [...this.#pending.values()]) if (isForEntity) this.giveUp(number, reason);
  }

  stop(reason: Error): void {
    for (const number of [...this.#pending.keys()]) this.fail(number, reason);
    this.#deadlines.close();
  }

  #settleWith(ask: PendingAsk, wait: FarWait): void {
    ask.onSettled = () => wait.settle();
  }

  #cancelWith(signal: AbortSignal, ask: PendingAsk): void {
    const cancel = () => this.giveUp(ask.number, new CancelledError(`The ask "${ask.type}" was cancelled.`));
    const { onSettled } = ask;
    ask.onSettled = () => {
      onSettled?.();
      signal.removeEventListener('abort', cancel);
    };
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
