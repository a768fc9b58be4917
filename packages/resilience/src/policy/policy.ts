import { type Clock, Deadlines, InvalidConfigError, type PolicyOrder } from '@jaegis/core';
import { Call, type CallOptions, type Inner, type Operation } from '../call.ts';
import { Listeners } from '../listeners.ts';
import type { PartEvent, Services } from '../services.ts';
import { type Layer, Layers } from './layers.ts';
import { breakerAct, changeOf, checkOrder } from './orders.ts';
import { type Outcome, Tally } from './outcome.ts';
import { type AnyPolicyOptions, merged, type PolicyOptions, type PolicyTuning } from './policy-options.ts';

/** What a part of a policy did, and of which policy it is. */
export type PolicyEvent = PartEvent & { readonly policy: string };

/** The state of a policy, as plain data. */
export interface PolicyState {
  readonly name: string;
  /** From the outside in. */
  readonly parts: readonly { readonly name: Layer; readonly state: unknown }[];
}

/** What of a policy is worth keeping over a restart: of each part that has something. */
export interface PolicySnapshot {
  readonly version: 1;
  readonly parts: Partial<Readonly<Record<Layer, unknown>>>;
}

const USUAL_NAME = 'operation';

/**
 * Breaker, bulkhead, retry and the others around one call, in the order that {@link Layer} gives reasons for. It is
 * for the calls to one dependency: what they have in common, such as the state of a breaker, is in it.
 *
 * @typeParam Fallen What its fallbacks give.
 */
export class Policy<Fallen = never> {
  /** Carries the type for the compiler; never set. */
  declare readonly fallen?: Fallen;
  readonly #clock: Clock;
  readonly #layers: Layers;
  readonly #listeners = new Listeners<PolicyEvent>();
  /** Stop listening to parts, which may be shared by policies that live longer than this one. */
  #heard: (() => void)[] = [];
  #options: AnyPolicyOptions = {};

  /** @throws InvalidConfigError with data.path, as `retry.tries`. */
  constructor(options: PolicyOptions<Fallen>, services: Services) {
    this.#clock = services.clock;
    const deadlines = services.deadlines ?? new Deadlines(services.clock);
    if (services.onEvent !== undefined) this.#listeners.add(services.onEvent);
    this.#layers = new Layers({ ...services, deadlines, onEvent: this.#tell });
    this.#apply(options);
  }

  get name(): string {
    return this.#options.name ?? USUAL_NAME;
  }

  /** From the outside in. */
  get parts(): readonly Layer[] {
    return this.#layers.present.map(([layer]) => layer);
  }

  /**
   * Calls the operation under this policy. Where the caller's signal aborts it rejects at once, whatever the operation
   * does, which is told by its own signal.
   *
   * @throws What the last try ended with, as it is; OperationTimeoutError, RateLimitedError, OverloadedError,
   * BreakerOpenError of the parts; CancelledError when the caller's signal aborts.
   */
  run<Result>(operation: Operation<Result>, options?: CallOptions): Promise<Result | Fallen> {
    const result = this.#start(new Call(operation, options), options);
    // The parts hand on what the operation or a fallback gives, and know no type of it.
    return result as Promise<Result | Fallen>;
  }

  /**
   * This policy for calls of which these options are known: a tenant with its share and its breaker, a priority. For
   * whoever takes a policy and knows nothing of them, as the asks of actors do. What a call says itself comes first.
   */
  for(known: CallOptions): Pick<Policy<Fallen>, 'run' | 'fallen'> {
    return { run: (operation, options) => this.run(operation, { ...known, ...options }) };
  }

  /** The function under this policy. What `this` is for it is lost. */
  wrap<Args extends readonly unknown[], Result>(
    wrapped: (...args: Args) => Result | PromiseLike<Result>,
    options?: CallOptions,
  ): (...args: Args) => Promise<Result | Fallen> {
    return (...args) => this.run(() => wrapped(...args), options);
  }

  /** As {@link run}, but never rejects: what happened is in what it gives. */
  async outcome<Result>(operation: Operation<Result>, options?: CallOptions): Promise<Outcome<Result | Fallen>> {
    const sinceMs = this.#clock.monotonic();
    const tally = new Tally(operation);
    const call = new Call(tally.operation, options);
    const told = () => ({ tries: tally.tries, tookMs: this.#clock.monotonic() - sinceMs });
    try {
      // As in `run`.
      const value = (await this.#start(call, options)) as Result | Fallen;
      const by = call.answeredBy === 0 ? 'operation' : (`fallback ${call.answeredBy}` as const);
      return { ok: true, value, ...told(), by };
    } catch (error) {
      const refusedBy = tally.refuser(error);
      return { ok: false, error, ...told(), ...(refusedBy === undefined ? {} : { refusedBy }) };
    }
  }

  /**
   * Changes it while it works. What is given replaces; of parts with options only those options that are given; `shares`
   * and `shedding` of a bulkhead can be neither added nor taken away. A part that is given as undefined goes. Those that
   * stay keep their state, and calls under way keep the parts that they began with. Nothing is changed where it throws.
   *
   * @throws InvalidConfigError
   */
  tune(change: PolicyTuning<Fallen>): void {
    this.#apply(merged(this.#options, change));
  }

  /**
   * Does what an operator wants, from outside of the process: sets options of parts that it has by options, as {@link tune},
   * and then tells its breaker what to do. Nothing is done where it throws.
   *
   * @throws InvalidConfigError with the path of what is not usable, as `breaker.openMs`.
   */
  obey(order: PolicyOrder): void {
    checkOrder(order);
    const change = order.set === undefined ? undefined : changeOf(order.set, this.#options);
    const breaker = this.#layers.present.find(([layer]) => layer === 'breaker')?.[1];
    const act = order.breaker === undefined ? undefined : breakerAct(order.breaker, breaker);
    if (change !== undefined) this.#apply(merged(this.#options, change));
    act?.();
  }

  inspect(): PolicyState {
    const parts = this.#layers.present.map(([name, part]) => ({ name, state: part.inspect?.() ?? {} }));
    return { name: this.name, parts };
  }

  /** The state of its breaker, and what that has learned, as plain data. */
  export(): PolicySnapshot {
    const parts = this.#layers.present.flatMap(([name, part]) => (part.export ? [[name, part.export()] as const] : []));
    return { version: 1, parts: Object.fromEntries(parts) };
  }

  /**
   * Goes on from what this policy or one like it exported, each part from its own.
   * @param agoMs How long ago that was, in ms: so much of a wait is over. Default 0.
   * @throws InvalidConfigError where a part cannot use what there is for it; the others have gone on nevertheless.
   */
  import(snapshot: PolicySnapshot, agoMs = 0): void {
    const { version, parts } = Object(snapshot) as Partial<PolicySnapshot>; // seen through here and by each part
    if (version !== 1 || typeof parts !== 'object' || parts === null) throw unusable();
    const errors: unknown[] = [];
    for (const [name, part] of this.#layers.present) {
      try {
        if (Object.hasOwn(parts, name)) part.import?.(parts[name], agoMs);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /**
   * Told what the parts do. What the listener throws is dropped, since the call has nothing to do with it. Parts that are
   * shared are listened to as long as somebody listens here.
   *
   * @returns Takes it back.
   */
  onEvent(listener: (event: PolicyEvent) => void): () => void {
    const stop = this.#listeners.add(listener);
    this.#listen();
    return () => {
      stop();
      this.#listen();
    };
  }

  #apply(options: AnyPolicyOptions): void {
    this.#layers.apply(options);
    this.#options = options;
    this.#listen();
  }

  /** To the parts that there are now, where anybody wants to know. */
  #listen(): void {
    for (const stop of this.#heard.splice(0)) stop();
    if (this.#listeners.isEmpty) return;
    this.#heard = this.#layers.present.flatMap(([, part]) => part.listen?.(this.#tell) ?? []);
  }

  #start(call: Call, options: CallOptions | undefined): Promise<unknown> {
    const { chain } = this.#layers;
    return options?.signal === undefined ? chain(call) : cancellable(call, chain);
  }

  readonly #tell = (event: PartEvent): void => {
    if (!this.#listeners.isEmpty) this.#listeners.tell({ ...event, policy: this.name });
  };
}

function unusable(): Error {
  return new InvalidConfigError('The exported state of a policy is not usable.', { data: { path: 'policy.state' } });
}

/** Only calls with a signal pay for it. */
function cancellable(call: Call, chain: Inner): Promise<unknown> {
  if (call.isAborted) return Promise.reject(call.endedBy);
  return new Promise((resolve, reject) => {
    call.onAbort(() => reject(call.endedBy));
    const ended = (): void => call.settle();
    chain(call).then(resolve, reject).then(ended, ended);
  });
}

/**
 * A policy for the calls to one dependency.
 *
 * @param services The clock and chance; from `@jaegis/node` where it is for real.
 * @throws InvalidConfigError with data.path, as `retry.tries`.
 */
export function createPolicy<Fallen = never>(options: PolicyOptions<Fallen>, services: Services): Policy<Fallen> {
  return new Policy(options, services);
}

/** One call under a policy: what {@link Policy.run} does, with the operation first. */
export function resilient<Result, Fallen>(
  operation: Operation<Result>,
  policy: Policy<Fallen>,
  options?: CallOptions,
): Promise<Result | Fallen> {
  return policy.run(operation, options);
}
