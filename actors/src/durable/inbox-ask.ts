import { durableMessageId, inboxSender } from '@jaegis/core';
import { Ask, type ReplyTo } from '../run/ask.ts';
import type { InboxDelivery } from '../run/contract.ts';
import type { Message } from '../run/protocol.ts';

/** A message of an entity's inbox on its way to it: answered when the turn that consumed it is written. */
export class InboxAsk extends Ask {
  readonly inbox: InboxDelivery;
  readonly refusal: unknown;

  constructor(message: Message, replyTo: ReplyTo, inbox: InboxDelivery, refusal: unknown) {
    super(message, replyTo, durableMessageId(inboxSender, inbox.sequence));
    this.inbox = inbox;
    this.refusal = refusal;
  }
}
