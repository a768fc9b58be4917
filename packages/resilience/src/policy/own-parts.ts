/** The parts that a policy is given ready, or makes by options and keeps while these are tuned. */
import { Breaker } from '../breaker/breaker.ts';
import type { BreakerOptions } from '../breaker/settings.ts';
import { Bulkhead, type BulkheadOptions, fixedOption } from '../bulkhead/bulkhead.ts';
import type { Part } from '../call.ts';
import type { Services } from '../services.ts';
import { areOptions } from './policy-options.ts';

export class OwnBreaker {
  readonly #services: Services;
  #own: { readonly breaker: Breaker; readonly given: BreakerOptions } | undefined;

  constructor(services: Services) {
    this.#services = services;
  }

  /** @param name For a breaker that has none of its own. */
  apply(given: BreakerOptions | Part | undefined, name: string | undefined): Part | undefined {
    if (!areOptions(given)) {
      this.#own = undefined;
      return given;
    }
    const options = { ...given, name: given.name ?? name };
    if (this.#own === undefined) this.#own = { breaker: new Breaker(options, this.#services), given };
    else if (this.#own.given !== given) this.#tune(this.#own, given, options);
    return this.#own.breaker;
  }

  #tune(own: { breaker: Breaker; given: BreakerOptions }, given: BreakerOptions, options: BreakerOptions): void {
    const { openMs, ...rest } = options;
    // One that is said again would begin the present wait anew.
    own.breaker.tune(openMs === own.given.openMs ? rest : options);
    this.#own = { breaker: own.breaker, given };
  }
}

export class OwnBulkhead {
  readonly #services: Services;
  #own: { readonly bulkhead: Bulkhead; readonly given: BulkheadOptions } | undefined;

  constructor(services: Services) {
    this.#services = services;
  }

  /**
   * @param name For a bulkhead that has none of its own.
   * @throws InvalidConfigError before anything is changed.
   */
  apply(given: BulkheadOptions | Part | undefined, name: string | undefined): Part | undefined {
    if (!areOptions(given)) {
      this.#own = undefined;
      return given;
    }
    const own = this.#own;
    if (own === undefined) {
      const options = name === undefined ? given : { name, ...given };
      this.#own = { bulkhead: new Bulkhead(this.#services.clock, options, this.#services), given };
    } else if (own.given !== given) {
      checkFixed(own.given, given);
      own.bulkhead.tune(given);
      this.#own = { bulkhead: own.bulkhead, given };
    }
    return this.#own?.bulkhead;
  }
}

function checkFixed(before: BulkheadOptions, given: BulkheadOptions): void {
  for (const name of ['shares', 'shedding'] as const) {
    if ((before[name] === undefined) !== (given[name] === undefined)) throw fixedOption(name);
  }
}
