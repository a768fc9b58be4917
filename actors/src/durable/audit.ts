/** Who sent what: the trail that each turn leaves in its record. Called when a turn is written; pure. */
import { type HandledMessages, inboxSender, parseDurableMessageId } from '@jaegis/core';
import type { DeliveryInfo } from '../run/contract.ts';
import type { Message } from '../run/protocol.ts';

/** A message as the trail knows it. */
export type Trace = Omit<HandledMessages, 'count'>;

export function traceOf({ type }: Message, { id, inbox, sender, from }: DeliveryInfo): Trace {
  if (inbox?.timer !== undefined) return { type, from: `timer:${inbox.timer.name}` };
  const entity = id === undefined ? undefined : parseDurableMessageId(id)?.sender;
  return { type, from: entity === undefined || entity === inboxSender ? (sender ?? from?.address) : entity };
}

/** Messages of the same type and sender that follow each other are counted, not repeated: a turn may hold a thousand. */
export function trailOf(steps: readonly { readonly trace: Trace | undefined; readonly changes: boolean }[]) {
  const trail: { type: string; from: string | undefined; count: number }[] = [];
  for (const { trace, changes } of steps) {
    if (trace === undefined || !changes) continue;
    const last = trail.at(-1);
    if (last && last.type === trace.type && last.from === trace.from) last.count += 1;
    else trail.push({ ...trace, count: 1 });
  }
  return trail;
}
