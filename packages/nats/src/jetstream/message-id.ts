import { PubHeaders } from '@nats-io/jetstream';
import type { MsgHdrs } from '@nats-io/transport-node';

/** The id under which a message was put; undefined when it has none. */
export function messageId(headers: MsgHdrs | undefined): string | undefined {
  return headers?.get(PubHeaders.MsgIdHdr) || undefined;
}
