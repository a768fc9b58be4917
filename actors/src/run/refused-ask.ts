import { Ask } from './ask.ts';
import type { DeliveryInfo, InboxDelivery } from './contract.ts';

/** A durable message that is not to be handled: its turn puts it among the dead letters, and it does not come again. */
export class RefusedAsk extends Ask {
  readonly refusal: unknown;
  readonly inbox: InboxDelivery | undefined;

  constructor(ask: Ask, refusal: unknown) {
    super(ask.message, { resolve: (reply) => ask.reply(reply), reject: (error) => ask.fail(error) }, ask.id);
    const { inbox }: DeliveryInfo = ask;
    this.refusal = refusal;
    this.inbox = inbox;
    this.sender = ask.sender;
  }
}
