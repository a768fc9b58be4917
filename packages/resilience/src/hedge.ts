import { CancelledError, type Clock, type DeadlineLane, Deadlines, type Expiring } from '@jaegis/core';
import type { Call, Inner, Part } from './call.ts';
import { checkOptions, namesOf } from './known-options.ts';
import { Latencies } from './latencies.ts';
import { checkNumber } from './number-option.ts';
import { checkRetryBudget, type RetryBudget } from './retry/retry-budget.ts';
import type { Services } from './services.ts';

export interface HedgeOptions {
  /** How long a try may be without an answer before the next one begins beside it, in ms. Default: by `quantile`. */
  readonly delayMs?: number | undefined;
  /**
   * Where there is no `delayMs`: the wait is what this share of its own latencies of late did not exceed. Default 0.95.
   * Until it has seen 20 there is no second try.
   */
  readonly quantile?: number | undefined;
  /** No wait by quantile is shorter, in ms. Default 1. */
  readonly minDelayMs?: number | undefined;
  /** Tries in all, the first included. Default 2. */
  readonly tries?: number | undefined;
  /** Shared with retries: where it is spent no further try begins. Default: none, as the quantile bounds hedges too. */
  readonly budget?: RetryBudget | undefined;
}

const names = namesOf<HedgeOptions>({ delayMs: true, quantile: true, minDelayMs: true, tries: true, budget: true });
const USUAL_TRIES = 2;
/** Fewer latencies say nothing about their tail. */
const FEWEST_LATENCIES = 20;

/**
 * Begins a second try beside one that takes long, and goes on with whichever succeeds first; the others are aborted. It
 * cuts the tail of latencies for a few calls more, as in "The Tail at Scale" (Dean and Barroso, 2013). Only for
 * operations that may happen twice.
 */
export class Hedge implements Part {
  readonly name = 'hedge';
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #onEvent: Services['onEvent'];
  readonly #latencies = new Latencies();
  #options: HedgeOptions = {};
  #hedges = 0;
  #wins = 0;

  /** @throws InvalidConfigError */
  constructor(options: HedgeOptions, services: Services) {
    this.#clock = services.clock;
    this.#deadlines = services.deadlines ?? new Deadlines(services.clock);
    this.#onEvent = services.onEvent;
    this.tune(options);
  }

  /** For calls that come from now on. @throws InvalidConfigError */
  tune(options: HedgeOptions): void {
    checkHedge(options);
    this.#options = options;
  }

  inspect() {
    return { delayMs: this.#delayMs(), hedges: this.#hedges, wins: this.#wins };
  }

  run(call: Call, inner: Inner): Promise<unknown> {
    this.#options.budget?.countCall();
    return new Promise((resolve, reject) => new Race(call, inner, this.#rules, resolve, reject).begin());
  }

  /** What the races of this part share. */
  readonly #rules: Rules = {
    nowMs: () => this.#clock.monotonic(),
    await: (race, begun) => {
      const delayMs = begun < (this.#options.tries ?? USUAL_TRIES) ? this.#delayMs() : undefined;
      if (delayMs !== undefined) this.#deadlines.add(race, delayMs);
    },
    leave: (race) => this.#deadlines.remove(race),
    mayHedge: (begun) => {
      const { tries = USUAL_TRIES, budget } = this.#options;
      if (begun >= tries || !(budget?.take() ?? true)) return false;
      this.#hedges += 1;
      this.#onEvent?.({ type: 'hedge', number: begun + 1, afterMs: this.#delayMs() ?? 0 });
      return true;
    },
    won: (number, tookMs) => {
      this.#latencies.add(tookMs);
      if (number > 1) this.#wins += 1;
    },
  };

  /** Undefined as long as there is none to go by. */
  #delayMs(): number | undefined {
    const { delayMs, quantile = 0.95, minDelayMs = 1 } = this.#options;
    if (delayMs !== undefined) return delayMs;
    if (this.#latencies.count < FEWEST_LATENCIES) return undefined;
    return Math.max(minDelayMs, this.#latencies.quantileMs(quantile));
  }
}

interface Rules {
  nowMs(): number;
  /** Until the next try may begin. */
  await(race: Race, begun: number): void;
  leave(race: Race): void;
  /** Counts it where it may. */
  mayHedge(begun: number): boolean;
  /** @param tookMs From the begin of the first try: that of winners alone would make the wait ever shorter. */
  won(number: number, tookMs: number): void;
}

/** The tries of one call. */
class Race implements Expiring {
  readonly #call: Call;
  readonly #inner: Inner;
  readonly #rules: Rules;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;
  readonly #tries: Call[] = [];
  readonly #sinceMs: number;
  #running = 0;
  dueMs = 0;
  earlier: Expiring | undefined = undefined;
  later: Expiring | undefined = undefined;
  lane: DeadlineLane | undefined = undefined;

  constructor(
    call: Call,
    inner: Inner,
    rules: Rules,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.#call = call;
    this.#inner = inner;
    this.#rules = rules;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#sinceMs = rules.nowMs();
  }

  begin(): void {
    const fork = this.#call.fork();
    const number = this.#tries.push(fork);
    this.#running += 1;
    this.#rules.await(this, number);
    this.#inner(fork).then(
      (value) => this.#succeed(number, value),
      (error) => this.#fail(fork, error),
    );
  }

  /** None has answered yet. */
  expire(): void {
    if (!this.#call.isAborted && this.#rules.mayHedge(this.#tries.length)) this.begin();
  }

  #succeed(number: number, value: unknown): void {
    if (this.#running === 0) return;
    this.#running = 0;
    this.#rules.leave(this);
    this.#rules.won(number, this.#rules.nowMs() - this.#sinceMs);
    for (const [index, fork] of this.#tries.entries()) {
      if (index + 1 === number) fork.settle();
      else fork.abort(new CancelledError('Another try of the same call was faster.'));
    }
    this.#resolve(value);
  }

  /** The others may still succeed. Where there are none the next is left to whoever retries. */
  #fail(fork: Call, error: unknown): void {
    fork.settle();
    if (this.#running === 0) return;
    this.#running -= 1;
    if (this.#running > 0) return;
    this.#rules.leave(this);
    this.#reject(error);
  }
}

/** @throws InvalidConfigError */
export function checkHedge(options: HedgeOptions, path = 'hedge'): void {
  checkOptions(path, options, names);
  const { delayMs, quantile, minDelayMs, tries, budget } = options;
  checkNumber(`${path}.delayMs`, delayMs, { least: 0 });
  checkNumber(`${path}.quantile`, quantile, { above: 0, most: 1 });
  checkNumber(`${path}.minDelayMs`, minDelayMs, { least: 0 });
  checkNumber(`${path}.tries`, tries, { least: 2, isWhole: true });
  if (budget !== undefined) checkRetryBudget(`${path}.budget`, budget);
}
