/** What is wrong with a message, or with how it was handled. */
import {
  ActorKilledError,
  ActorStoppedError,
  DeathPactError,
  type ExitReason,
  exitToData,
  HandlerTimeoutError,
  InvalidMessageError,
  isCleanExit,
} from '@jaegis/core';
import { Ask, type Item } from './ask.ts';
import type { CellKind } from './cell-kind.ts';
import type { Message } from './protocol.ts';
import type { DownSignal } from './signal.ts';

export function notTaken(actor: string, { type }: Message): Error {
  return new InvalidMessageError(`"${actor}" takes no message of type ${JSON.stringify(type)}.`, {
    data: { path: '.type', type },
  });
}

export function handlerTimeout({ address, kind }: { address: string; kind: CellKind }, item: Item): Error {
  const { type } = item instanceof Ask ? item.message : item;
  const ms = kind.handlerTimeoutMs;
  return new HandlerTimeoutError(`${address}: the handler of "${type}" did not settle in ${ms} ms.`);
}

/** What an ask is told that an end has cut off. */
export function endedError(address: string, reason: ExitReason): Error {
  const data = { reason: exitToData(reason) };
  if (isCleanExit(reason)) return new ActorStoppedError(`${address} has stopped.`, { data });
  return new ActorKilledError(`${address} was ended by an exit signal.`, { data, cause: reason });
}

export function deathPact(address: string, { monitor, reason }: DownSignal): Error {
  return new DeathPactError(`${address} monitored ${monitor.target}, which ended.`, { cause: reason });
}
