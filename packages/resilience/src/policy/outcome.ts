import { type ErrorCode, JaegisError } from '@jaegis/core';
import type { Operation } from '../call.ts';

/** What has kept the operation from being called. */
export type Refuser = 'rateLimit' | 'bulkhead' | 'breaker';

/** How a call ended, for those who would rather look than catch. */
export type Outcome<Result> =
  | {
      readonly ok: true;
      readonly value: Result;
      /** How often the operation was called, hedges included. */
      readonly tries: number;
      readonly tookMs: number;
      /** Who gave the value. Fallbacks count from 1. */
      readonly by: 'operation' | `fallback ${number}`;
    }
  | {
      readonly ok: false;
      readonly error: unknown;
      readonly tries: number;
      readonly tookMs: number;
      /** There where the last try was not made, since one of the parts refused it. */
      readonly refusedBy?: Refuser;
    };

const refusers: Readonly<Partial<Record<ErrorCode, Refuser>>> = {
  rate_limited: 'rateLimit',
  overloaded: 'bulkhead',
  breaker_open: 'breaker',
};

/** Counts what happens to the operation of one call. */
export class Tally {
  tries = 0;
  readonly #operation: Operation<unknown>;
  #thrown: unknown;

  constructor(operation: Operation<unknown>) {
    this.#operation = operation;
  }

  readonly operation: Operation<unknown> = async (call) => {
    this.tries += 1;
    try {
      return await this.#operation(call);
    } catch (error) {
      this.#thrown = error;
      throw error;
    }
  };

  /** An error of the operation itself is no refusal, though it may be that of another policy. */
  refuser(error: unknown): Refuser | undefined {
    return error instanceof JaegisError && error !== this.#thrown ? refusers[error.code] : undefined;
  }
}
