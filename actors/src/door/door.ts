import { CancelledError, type Clock, type DoorView, hasCode, type Waiter } from '@jaegis/core';
import type { Ask } from '../run/ask.ts';
import type { AskTry } from '../run/ask-policy.ts';
import { endOfTry } from '../run/ask-tries.ts';
import type { DoorPolicy } from './door-policy.ts';
import type { Gate, Guarded } from './gate.ts';
import { Try } from './try.ts';

/** What an ask of an entity ends with where another node has it, or will in a moment: whoever asks finds it there. */
const MOVED = ['not_owner', 'fenced', 'actor_stopped'] as const;
const REFUSED = ['breaker_open', 'overloaded', 'rate_limited'] as const;

/**
 * A policy where an actor lives: each ask that arrives, from wherever, goes through it, and into the mailbox as often as
 * the policy lets it. Tells, and messages that are sent durably, have nobody to refuse them to: they pass beside it.
 */
export class Door implements Gate {
  readonly policy: DoorPolicy;
  readonly isOfType: boolean;
  readonly #clock: Clock;
  #underWay = 0;
  #refused = 0;

  constructor(policy: DoorPolicy, isOfType: boolean, clock: Clock) {
    this.policy = policy;
    this.isOfType = isOfType;
    this.#clock = clock;
  }

  get view(): DoorView {
    const { name, parts } = this.policy.inspect();
    const breaker = stateIn(parts.find((part) => part.name === 'breaker')?.state);
    const counts = { underWay: this.#underWay, refused: this.#refused };
    return { name, ...(breaker === undefined ? {} : { breaker }), ...counts };
  }

  pass(cell: Guarded, ask: Ask): void {
    const clock = this.#clock;
    const { signal, abort, dueMs } = timeOf(ask, clock);
    let tries = 0;
    const once = (call: AskTry) => {
      tries++;
      return tryOnce(cell, ask, call, clock);
    };
    let isOver = false;
    const end = (): void => {
      isOver = true;
      this.#underWay--;
    };
    this.#underWay++;
    ask.onceSettled(() => {
      if (!isOver) abort();
    });
    const tenant = cell.address;
    this.policy.run(once, { signal, tenant, ...(dueMs === undefined ? {} : { deadlineMs: dueMs }) }).then(
      (reply) => {
        end();
        ask.reply(reply);
      },
      (error: unknown) => {
        end();
        if (tries === 0 && REFUSED.some((code) => hasCode(error, code))) this.#refused++;
        const isLate = dueMs !== undefined && clock.monotonic() >= dueMs && hasCode(error, 'operation_timeout');
        if (isLate) ask.expire();
        else ask.fail(error);
      },
    );
  }
}

/** When nobody waits for the ask any more. Its end by time is left to the policy, for which it is a failure. */
function timeOf(ask: Ask, clock: Clock) {
  const nowMs = clock.monotonic();
  const leftMs = ask.leftMs(() => nowMs);
  const dueMs = leftMs === undefined || leftMs === Number.POSITIVE_INFINITY ? undefined : nowMs + leftMs;
  const controller = new AbortController();
  const abort = (): void => {
    if (dueMs === undefined || clock.monotonic() < dueMs) controller.abort();
  };
  return { signal: controller.signal, abort, dueMs };
}

function tryOnce(cell: Guarded, ask: Ask, call: AskTry, clock: Clock): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      if (cell.home.kind !== 'entity' || !MOVED.some((code) => hasCode(error, code))) {
        reject(endOfTry(error, call.signal));
        return;
      }
      // No word of the policy: the entity is well, elsewhere.
      ask.fail(error);
      reject(new CancelledError(`${cell.address} has moved.`, { cause: error }));
    };
    const one = new Try(ask, call, clock, { resolve, reject: fail });
    one.takeUp(cell as unknown as Waiter); // every actor is one
    cell.kernel.traces.inherit(one, ask);
    one.cancelWith(call.signal);
    try {
      if (one.isOpen) cell.accept(one);
    } catch (error) {
      one.fail(error);
    }
  });
}

function stateIn(state: unknown): string | undefined {
  if (typeof state !== 'object' || state === null || !('state' in state)) return undefined;
  return typeof state.state === 'string' ? state.state : undefined;
}
