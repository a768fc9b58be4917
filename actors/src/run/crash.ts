/** What is reported about a crash, and what becomes of the message that caused it. */
import { ActorCrashedError, type ExitReason, errorMessage, hasCode, type Waiter } from '@jaegis/core';
import { Ask, type Item } from './ask.ts';
import type { ColdFields, Retry } from './cold-fields.ts';
import type { CrashReport } from './crash-report.ts';
import type { FlightEntry } from './flight-recorder.ts';
import type { Inbox } from './inbox.ts';
import type { Message } from './protocol.ts';

/** An actor whose handler has failed. */
type Crashed = Inbox &
  Waiter & {
    readonly cold: ColdFields | undefined;
    readonly coldFields: ColdFields;
    readonly state: unknown;
    historyBefore(message: Message | undefined): readonly FlightEntry[];
  };

export function crashReport(cell: Crashed, reason: ExitReason, item: Item | undefined): CrashReport {
  const message = item instanceof Ask ? item.message : item;
  const { kind, bonds } = cell;
  return {
    address: cell.address,
    type: kind.type,
    incarnation: cell.incarnation,
    reason,
    message: message && (kind.redact(message) as Message), // what the definition makes of it
    state: kind.redact(cell.state),
    history: cell.historyBefore(message),
    neighbours: {
      links: [...(bonds?.links ?? [])].map(({ address }) => address),
      watchers: [...(bonds?.watchers ?? [])].flatMap(({ owner }) => (owner ? [owner.address] : [])),
      asker: item instanceof Ask ? item.from?.address : undefined,
    },
    mailbox: cell.length,
    at: cell.kernel.services.clock.now(),
  };
}

/** By policy it is tried again, before all that wait; else it is dead, with all that is known about it. */
export function retryOrBury(cell: Crashed, error: unknown, item: Item): void {
  const cold = cell.coldFields;
  const tries = (cold.tries?.get(item) ?? 0) + 1;
  if (tries >= cell.kind.attempts) {
    cold.tries?.delete(item);
    bury(cell, error, item);
    return;
  }
  cold.tries ??= new WeakMap();
  cold.tries.set(item, tries);
  if (item instanceof Ask && item.isDeferred) undefer(cell, item);
  const { delayMs = 0 } = cell.kind.options.retry ?? {};
  if (delayMs === 0) cold.again = item;
  else retryLater(cell, item, delayMs);
}

/** Its next handler answers it, unless that defers it again. */
function undefer(cell: Crashed, ask: Ask): void {
  ask.takeUp(cell);
  cell.cold?.deferred?.delete(ask);
}

function retryLater(cell: Crashed, item: Item, delayMs: number): void {
  const cold = cell.coldFields;
  cold.retries ??= new Set();
  const { retries } = cold;
  const timer = cell.kernel.services.clock.setTimer(delayMs, () => {
    retries.delete(retry);
    cell.putBack(item);
    cell.wake();
  });
  const retry: Retry = { item, timer };
  retries.add(retry);
}

function bury(cell: Crashed, error: unknown, item: Item): void {
  const { deadLetters, services } = cell.kernel;
  cell.letGo(item);
  if (item instanceof Ask) item.fail(crashedError(cell.address, error, item));
  const message = item instanceof Ask ? item.message : item;
  const state = cell.kind.redact(cell.state);
  const at = services.clock.now();
  deadLetters.add({
    to: cell.address,
    message,
    reason: 'crashed',
    at,
    error,
    state,
    history: cell.historyBefore(message),
  });
}

/** What its asker is told. */
export function crashedError(address: string, error: unknown, { message }: Ask): unknown {
  // These say more to the asker than that it crashed: both tell it to ask again.
  if (hasCode(error, 'fenced') || hasCode(error, 'actor_stopped')) return error;
  const why = errorMessage(error);
  return new ActorCrashedError(`${address} crashed on "${message.type}": ${why}`, { cause: error });
}

/** Messages that would have been tried again go back to their senders. */
export function endRetries(cell: Inbox, retries: Set<Retry>): void {
  for (const { item, timer } of retries) {
    cell.kernel.services.clock.clearTimer(timer);
    cell.giveBack(item);
  }
  retries.clear();
}
