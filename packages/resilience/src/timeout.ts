import { type Clock, type DeadlineLane, Deadlines, type Expiring, OperationTimeoutError } from '@jaegis/core';
import { Call, type Inner, type Part } from './call.ts';
import { checkNumber } from './number-option.ts';
import type { Services } from './services.ts';

export interface TimeoutOptions {
  /** In ms. `Infinity`: only the deadline of the call counts. */
  readonly timeoutMs: number;
  /** What takes too long, for errors. Default `operation`. */
  readonly name?: string | undefined;
  /** What the part is called in errors, events and inspection. Default `timeout`. */
  readonly part?: string | undefined;
}

type Resolve = (value: unknown) => void;
type Reject = (error: unknown) => void;

/** One function for all promises, which would have one each otherwise; it is called before `new Promise` returns. */
const settlers: { resolve: Resolve; reject: Reject } = { resolve: () => {}, reject: () => {} };
const takeSettlers = (resolve: Resolve, reject: Reject): void => {
  settlers.resolve = resolve;
  settlers.reject = reject;
};

/**
 * Ends what takes too long. The operation's signal is aborted, and what it comes to after that, result or error, is
 * dropped. What is inside learns its deadline, so that nobody there waits for what would come too late.
 */
export class Timeout implements Part {
  readonly name: string;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #onEvent: Services['onEvent'];
  #timeoutMs = Number.POSITIVE_INFINITY;
  #of = '';
  #timeouts = 0;

  /** @throws InvalidConfigError */
  constructor(options: TimeoutOptions, services: Services) {
    this.name = options.part ?? 'timeout';
    this.#clock = services.clock;
    this.#deadlines = services.deadlines ?? new Deadlines(services.clock);
    this.#onEvent = services.onEvent;
    this.tune(options);
  }

  /** For calls that come from now on. @throws InvalidConfigError */
  tune({ timeoutMs, name }: TimeoutOptions): void {
    checkNumber(`${this.name}Ms`, timeoutMs, { above: 0, most: Number.POSITIVE_INFINITY });
    this.#timeoutMs = timeoutMs;
    this.#of = name ?? 'operation';
  }

  inspect() {
    return { timeoutMs: this.#timeoutMs, timeouts: this.#timeouts };
  }

  /** No async function: it rejects while what is inside still runs. */
  run(call: Call, inner: Inner): Promise<unknown> {
    let waitMs = this.#timeoutMs;
    if (call.deadlineMs !== Number.POSITIVE_INFINITY) {
      waitMs = Math.min(waitMs, call.deadlineMs - this.#clock.monotonic());
      if (waitMs <= 0) return Promise.reject(this.#expired(0));
    } else if (waitMs === Number.POSITIVE_INFINITY) {
      return inner(call);
    }
    const promise = new Promise<unknown>(takeSettlers);
    const timed = new TimedCall(call, this.#deadlines, this.#expired, settlers.resolve, settlers.reject);
    timed.waitMs = waitMs;
    this.#deadlines.add(timed, waitMs);
    timed.deadlineMs = Math.min(timed.dueMs, call.deadlineMs);
    inner(timed).then(timed.onValue, timed.onError);
    return promise;
  }

  /** Counts it and tells of it. */
  readonly #expired = (timeoutMs: number): Error => {
    this.#timeouts += 1;
    this.#onEvent?.({ type: 'timeout', part: this.name, timeoutMs });
    const message = `${this.#of} did not end within ${Math.round(timeoutMs)} ms (${this.name}).`;
    return new OperationTimeoutError(message, { data: { timeoutMs, name: this.#of } });
  };
}

/** A call and its place among the deadlines, in one object: there is one for each call. */
class TimedCall extends Call implements Expiring {
  readonly #deadlines: Deadlines;
  readonly #expired: (timeoutMs: number) => Error;
  readonly #resolve: Resolve;
  readonly #reject: Reject;
  waitMs = 0;
  dueMs = 0;
  earlier: Expiring | undefined = undefined;
  later: Expiring | undefined = undefined;
  lane: DeadlineLane | undefined = undefined;

  constructor(
    parent: Call,
    deadlines: Deadlines,
    expired: (timeoutMs: number) => Error,
    resolve: Resolve,
    reject: Reject,
  ) {
    super(parent.operation, undefined, parent);
    this.#deadlines = deadlines;
    this.#expired = expired;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  readonly onValue = (value: unknown): void => {
    this.#deadlines.remove(this);
    this.settle();
    this.#resolve(value);
  };

  readonly onError = (error: unknown): void => {
    this.#deadlines.remove(this);
    this.settle();
    this.#reject(error);
  };

  expire(): void {
    // Where it has ended already for those further out, and goes on all the same, that is what those between are told.
    if (!this.isAborted) this.abort(this.#expired(this.waitMs));
    this.#reject(this.endedBy);
  }
}
