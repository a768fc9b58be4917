/** Durable messages on their way to an entity: answered when the turn that consumed them is written. */
import { durableMessageId, inboxSender } from '@jaegis/core';
import { Ask, type ReplyTo } from '../run/ask.ts';
import type { InboxDelivery } from '../run/contract.ts';
import type { Message } from '../run/protocol.ts';

/** Of the entity's inbox. */
export class InboxAsk extends Ask {
  readonly inbox: InboxDelivery;
  readonly refusal: unknown;

  constructor(message: Message, replyTo: ReplyTo, inbox: InboxDelivery, refusal: unknown) {
    super(message, replyTo, durableMessageId(inboxSender, inbox.sequence));
    this.inbox = inbox;
    this.refusal = refusal;
  }
}

/** Of another entity, and not to be handled: it goes to the dead letters. */
export class RefusedAsk extends Ask {
  readonly refusal: unknown;

  constructor(ask: Ask, refusal: unknown) {
    super(ask.message, { resolve: (reply) => ask.reply(reply), reject: (error) => ask.fail(error) }, ask.id);
    this.refusal = refusal;
    this.sender = ask.sender;
  }
}
