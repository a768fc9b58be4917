/**
 * A stream's messages as they come. The consumer behind it lives in one server's memory and dies with it, or is given
 * up by the server after a long absence; then another one is made after the last message that was given.
 */
import { backoffDelay, type InboxMessage, limits, sleep } from '@jaegis/core';
import { AckPolicy, type ConsumerMessages, DeliverPolicy, type JsMsg } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Link } from '../connection/link.ts';
import { plainBytes } from '../plain-bytes.ts';
import type { JetStreamAccess } from './access.ts';
import { messageId } from './message-id.ts';

export interface FeedOptions {
  readonly stream: string;
  readonly filters: readonly string[];
  readonly signal: AbortSignal;
}

/** Before another consumer is asked for. */
const pause = { firstMs: 20, maxMs: 500 };
/** A consumer that nobody reads is dropped by the server after so long, in ms. */
const inactiveMs = 5_000;
/** Subjects and headers around the data of one message, in bytes. */
const mostAround = 64 * 1024;
/** One request for messages lasts so long; the server says that it lives twice in that time. */
const requestMs = 2_000;

export async function* feed(access: JetStreamAccess, options: FeedOptions): AsyncGenerator<InboxMessage> {
  const { signal } = options;
  const { clock, link } = access;
  let from = 1;
  for (let failures = 0; !signal.aborted; ) {
    try {
      const messages = await open(access, options, from);
      failures = 0;
      for await (const message of untilBroken(messages, link, signal)) {
        from = message.seq + 1;
        yield toMessage(message);
      }
    } catch (error) {
      failures += 1;
      link.logger.debug('a feed was interrupted', { stream: options.stream, from, error });
    }
    if (link.status === 'closed') return;
    if (!signal.aborted) await sleep(clock, backoffDelay(Math.max(failures, 1), 1, pause), signal);
  }
}

/** Not an ordered consumer of nats.js: after some losses of its server that one begins again at the start (3.4). */
async function open({ link, client }: JetStreamAccess, options: FeedOptions, from: number): Promise<ConsumerMessages> {
  link.assertConnected();
  const manager = await client.jetstreamManager(false);
  const info = await link.orLost(
    manager.consumers.add(options.stream, {
      filter_subjects: [...options.filters],
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: from,
      ack_policy: AckPolicy.None,
      inactive_threshold: nanos(inactiveMs),
      mem_storage: true,
      num_replicas: 1,
    }),
  );
  const { max_payload = 0 } = link.connection.info ?? {};
  // nats.js asks for more when a quarter is used up, and a message larger than what was asked for would not come.
  const max_bytes = Math.max(limits.inboxFeedBytes, 4 * (max_payload + mostAround));
  return client.consumers.getConsumerFromInfo(info).consume({ max_bytes, expires: requestMs });
}

/** Ends with the signal, with the connection, when the consumer is not heard of any more, and where a message is missing. */
async function* untilBroken(messages: ConsumerMessages, link: Link, signal: AbortSignal): AsyncGenerator<JsMsg> {
  const end = () => messages.stop();
  const unsubscribe = link.onStatus(end);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted || link.status !== 'connected') end();
  void watch(messages);
  try {
    let delivered = 0;
    for await (const message of messages) {
      if (message.info.deliverySequence !== delivered + 1) return;
      delivered += 1;
      yield message;
    }
  } finally {
    unsubscribe();
    signal.removeEventListener('abort', end);
    messages.stop();
  }
}

const ended = new Set([
  'heartbeats_missed',
  'consumer_not_found',
  'consumer_deleted',
  'stream_not_found',
  'no_responders',
]);

async function watch(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of messages.status()) if (ended.has(type)) messages.stop();
}

function toMessage({ subject, seq, data, time, headers }: JsMsg): InboxMessage {
  return { subject, sequence: seq, data: plainBytes(data), id: messageId(headers), timeMs: time.getTime() };
}
