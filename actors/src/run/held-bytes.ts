/** What the messages of an actor hold of a budget, from the mailbox until their turns are over. */
import { hasCode, isDurableMessageId, type JaegisError, roughSize } from '@jaegis/core';
import { Ask, type Item } from './ask.ts';
import type { DeliveryInfo } from './contract.ts';
import type { MailboxMemory } from './mailbox-memory.ts';
import { Process } from './process.ts';
import type { Message } from './protocol.ts';
import type { Signal } from './signal.ts';

interface Held {
  readonly bytes: number;
  readonly giveBack: () => void;
  /** Of the same message, which is there several times. */
  readonly next: Held | undefined;
}

/** Of one actor. Made for its first message, where it has a budget. */
export class HeldBytes {
  readonly #held = new Map<Item | Signal, Held>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws OverloadedError */
  take({ budget, tenant }: MailboxMemory, item: Item, key: string): void {
    const message = item instanceof Ask ? item.message : item;
    const bytes = messageSize(message, budget.maxBytes);
    const giveBack = budget.reserve(typeof tenant === 'function' ? tenant(message, key) : tenant, bytes);
    this.#held.set(item, { bytes, giveBack, next: this.#held.get(item) });
    this.#bytes += bytes;
  }

  /** Its turn is over. Does nothing for what was not taken. */
  giveBack(item: Item | Signal): void {
    const held = this.#held.get(item);
    if (held === undefined) return;
    if (held.next === undefined) this.#held.delete(item);
    else this.#held.set(item, held.next);
    this.#bytes -= held.bytes;
    held.giveBack();
  }
}

/** A part that is there twice counts once, and a ref is not what is behind it. */
function messageSize(message: Message, mostBytes: number): number {
  let seen: Set<object> | undefined;
  return roughSize(message, mostBytes, (part) => {
    if (part instanceof Process || seen?.has(part)) return true;
    seen ??= new Set();
    seen.add(part);
    return false;
  });
}

/** Whether it was given up before, so that its turn only notes that. */
export function isGivenUp(item: Item): boolean {
  const { refusal }: DeliveryInfo = item instanceof Ask ? item : { id: undefined };
  return refusal !== undefined;
}

/** Whether it would come again and again: it is durable, and larger than its budget ever takes. */
export function isHopeless(item: Item, error: unknown): item is Ask {
  if (!(item instanceof Ask && isDurableMessageId(item.id) && hasCode(error, 'overloaded'))) return false;
  const { bytes, maxBytes } = (error as Partial<JaegisError>).data ?? {};
  return Number(bytes) > Number(maxBytes);
}
