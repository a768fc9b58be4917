import { InvalidConfigError } from '@jaegis/core';
import type { Call, CallInfo, Inner, Part } from './call.ts';
import { checkOptions, namesOf } from './known-options.ts';
import { checkFunction } from './number-option.ts';
import type { Services } from './services.ts';

/** Gives something else for a result. It is told the error that the call would have ended with. */
export type FallbackFunction<Result = unknown> = (error: unknown, call: CallInfo) => Result | PromiseLike<Result>;

export interface FallbackOptions<Result = unknown> {
  /** Tried in this order until one gives a result. */
  readonly use: readonly FallbackFunction<Result>[];
  /** For which errors. Default: for all. Never for calls that their caller has cancelled. */
  readonly for?: ((error: unknown) => boolean) | undefined;
}

/**
 * Answers with something else when what is inside fails. Where no fallback gives a result the call ends with the error
 * that it would have ended with without them: why a fallback failed is in the event.
 */
export class Fallback implements Part {
  readonly name = 'fallback';
  readonly #onEvent: Services['onEvent'];
  #options: FallbackOptions = { use: [] };
  #answered: number[] = [];

  /** @throws InvalidConfigError */
  constructor(options: FallbackOptions, services: Pick<Services, 'onEvent'> = {}) {
    this.#onEvent = services.onEvent;
    this.tune(options);
  }

  /** From the next error on. @throws InvalidConfigError */
  tune(options: FallbackOptions): void {
    checkFallback(options);
    this.#options = options;
    this.#answered = options.use.map((_, index) => this.#answered[index] ?? 0);
  }

  /** How often each of them has answered. */
  inspect() {
    return { answered: [...this.#answered] };
  }

  async run(call: Call, inner: Inner): Promise<unknown> {
    try {
      return await inner(call);
    } catch (error) {
      return await this.#instead(call, error);
    }
  }

  async #instead(call: Call, error: unknown): Promise<unknown> {
    const { use, for: isFor } = this.#options;
    if (call.isAborted || isFor?.(error) === false) throw error;
    for (const [index, fallback] of use.entries()) {
      const number = index + 1;
      try {
        const result = await fallback(error, call);
        call.answeredBy = number;
        this.#answered[index] = (this.#answered[index] ?? 0) + 1;
        this.#onEvent?.({ type: 'fallback', number, error });
        return result;
      } catch (failure) {
        this.#onEvent?.({ type: 'fallback_failed', number, error: failure });
      }
    }
    throw error;
  }
}

const names = namesOf<FallbackOptions>({ use: true, for: true });

/** @throws InvalidConfigError */
export function checkFallback(options: FallbackOptions, path = 'fallback'): void {
  checkOptions(path, options, names);
  const { use, for: isFor } = options;
  if (!Array.isArray(use) || use.length === 0) {
    throw new InvalidConfigError(`${path}.use must name at least one function.`, { data: { path: `${path}.use` } });
  }
  for (const [index, fallback] of use.entries()) checkFunction(`${path}.use.${index}`, fallback ?? null);
  checkFunction(`${path}.for`, isFor);
}
