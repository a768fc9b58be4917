/** The inbox port on one JetStream stream: schedules are the server's own, so no process of ours need live to fire them. */
import {
  assertSubject,
  type InboxMessage,
  type InboxReceipt,
  type InboxStream,
  type PutOptions,
  type ScheduleOptions,
} from '@jaegis/core';
import {
  type JetStreamManager,
  type LastForMsgRequest,
  type NextMsgRequest,
  PubHeaders,
  type SeqMsgRequest,
  type StoredMsg,
  type StreamConfig,
} from '@nats-io/jetstream';
import { headers, millis } from '@nats-io/transport-node';
import { plainBytes } from '../plain-bytes.ts';
import { type JetStreamAccess, read, settled, write } from './access.ts';
import type { Purpose } from './errors.ts';
import { feed } from './feed.ts';
import { InboxRoom } from './inbox-room.ts';
import { messageId } from './message-id.ts';

/** nats.js does not name the first in the type of its request: `seq` alone is any subject. */
type Query = (NextMsgRequest & SeqMsgRequest) | LastForMsgRequest;

export class JetStreamInbox implements InboxStream {
  readonly duplicateWindowMs: number;
  readonly #access: JetStreamAccess;
  readonly #manager: JetStreamManager;
  readonly #stream: string;
  readonly #room: InboxRoom;

  constructor(access: JetStreamAccess, manager: JetStreamManager, config: StreamConfig) {
    this.#access = access;
    this.#manager = manager;
    this.#stream = config.name;
    this.#room = new InboxRoom(access, manager, config);
    this.duplicateWindowMs = millis(config.duplicate_window);
  }

  async put(subject: string, data: Uint8Array, { id }: PutOptions): Promise<InboxReceipt> {
    assertSubject(subject);
    const purpose = { what: `put to ${subject}`, data: { subject, id } };
    await this.#takeRoom(data, purpose);
    return settled(this.#access, purpose, () => {
      const all = headers();
      all.set(PubHeaders.MsgIdHdr, id);
      return this.#access.appends.append(subject, data, all);
    });
  }

  async read(subject: string, from: number, limit: number): Promise<readonly InboxMessage[]> {
    assertSubject(subject);
    const purpose = { what: `read the messages of ${subject}`, data: { subject, from } };
    const messages: InboxMessage[] = [];
    for (let seq = from; messages.length < limit; ) {
      const query = { seq, next_by_subj: subject };
      const found = await read(this.#access, purpose, () => this.#manager.streams.getMessage(this.#stream, query));
      if (found === null) break;
      messages.push(toMessage(found));
      seq = found.seq + 1;
    }
    return messages;
  }

  async *kept(filter: string): AsyncIterable<InboxMessage> {
    const newest = await this.#get({ last_by_subj: filter });
    for (let seq = 1; newest !== null && seq <= newest.seq; ) {
      const found = await this.#get({ seq, next_by_subj: filter });
      if (found === null || found.seq > newest.seq) return;
      yield toMessage(found);
      seq = found.seq + 1;
    }
  }

  feed(filters: readonly string[], signal: AbortSignal): AsyncIterable<InboxMessage> {
    return feed(this.#access, { stream: this.#stream, filters, signal });
  }

  async #takeRoom({ length }: Uint8Array, purpose: Purpose): Promise<void> {
    this.#access.link.assertConnected();
    const known = this.#room.known();
    if (known !== undefined) await known;
    this.#room.take(length, purpose);
  }

  #get(query: Query): Promise<StoredMsg | null> {
    const purpose = { what: `read messages of ${this.#stream}`, data: { stream: this.#stream, ...query } };
    return read(this.#access, purpose, () => this.#manager.streams.getMessage(this.#stream, query));
  }

  async remove(subject: string, upTo: number): Promise<void> {
    assertSubject(subject);
    const purpose = { what: `take messages off ${subject}`, data: { subject, upTo } };
    await write(this.#access, purpose, () =>
      this.#manager.streams.purge(this.#stream, { filter: subject, seq: upTo + 1 }),
    );
  }

  async schedule(subject: string, data: Uint8Array, { atMs, target }: ScheduleOptions): Promise<void> {
    assertSubject(subject);
    assertSubject(target);
    const { client, timeoutMs } = this.#access;
    const purpose = { what: `schedule ${subject}`, data: { subject, atMs, target } };
    await this.#takeRoom(data, purpose);
    await write(this.#access, purpose, () =>
      client.publish(subject, data, {
        schedule: { specification: new Date(atMs), target },
        timeout: timeoutMs,
        retries: 1,
      }),
    );
  }

  async unschedule(subject: string): Promise<void> {
    assertSubject(subject);
    const purpose = { what: `unschedule ${subject}`, data: { subject } };
    await write(this.#access, purpose, () => this.#manager.streams.purge(this.#stream, { filter: subject }));
  }
}

function toMessage({ subject, seq, data, time, header }: StoredMsg): InboxMessage {
  return { subject, sequence: seq, data: plainBytes(data), id: messageId(header), timeMs: time.getTime() };
}
