/**
 * The journal port on one JetStream stream. The append is the commit and the fence: it carries the expected last sequence
 * of its subject.
 *
 * The newest record is asked of the leader of the stream (STREAM.MSG.GET) and not of any replica, as direct gets are: a
 * replica may be behind the leader that has just acknowledged an append. The price is 0.2 ms. Those before it may come
 * from a replica, many for one request.
 */
import { type AppendOptions, assertSubject, hasCode, type Journal, type JournalRecord, limits } from '@jaegis/core';
import { type JetStreamManager, JsHeaders, PubHeaders } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { type JetStreamAccess, read, settled } from './access.ts';
import type { GetQuery } from './gets.ts';
import type { OpenedStream } from './open-stream.ts';

export class JetStreamJournal implements Journal {
  readonly historyPerSubject: number;
  readonly #access: JetStreamAccess;
  readonly #manager: JetStreamManager;
  readonly #stream: string;
  /** False where this node lacks the permission for many at once. */
  #mayBatch = true;

  constructor(access: JetStreamAccess, { manager, config }: OpenedStream) {
    this.#access = access;
    this.#manager = manager;
    this.#stream = config.name;
    // nats-server says -1 for no bound.
    this.historyPerSubject = config.max_msgs_per_subject > 0 ? config.max_msgs_per_subject : Number.POSITIVE_INFINITY;
  }

  async append(
    subject: string,
    data: Uint8Array,
    { expectedSequence, replaces = false }: AppendOptions,
  ): Promise<number> {
    assertSubject(subject);
    const purpose = { what: `append to ${subject}`, data: { subject, expectedSequence } };
    const { sequence } = await settled(this.#access, purpose, () => {
      // Not the stream's name too: the server would store it with every record.
      const all = headers();
      all.set(PubHeaders.ExpectedLastSubjectSequenceHdr, `${expectedSequence}`);
      if (replaces) all.set(JsHeaders.RollupHdr, JsHeaders.RollupValueSubject);
      return this.#access.appends.append(subject, data, all);
    });
    return sequence;
  }

  async last(subject: string): Promise<JournalRecord | undefined> {
    return this.#get(`read the newest record of ${subject}`, { last_by_subj: subject });
  }

  /** No consumer that could die or be left behind. Those that a replica lacks are asked of the leader. */
  async *history(filter: string, after = 0, upTo?: number): AsyncIterable<JournalRecord> {
    const newest = upTo === undefined ? await this.last(filter) : undefined;
    const end = upTo ?? newest?.sequence ?? 0;
    for (let from = after + 1; from <= end; ) {
      if (from === newest?.sequence) {
        yield newest;
        return;
      }
      const records = await this.#many(filter, from);
      if (records.length === 0) {
        const next = await this.#get(`read the records of ${filter}`, { seq: from, next_by_subj: filter });
        if (next === undefined) return;
        records.push(next);
      }
      for (const record of records) {
        if (record.sequence > end) return;
        yield record;
        from = record.sequence + 1;
      }
    }
  }

  async subjects(filter: string): Promise<string[]> {
    const purpose = { what: `list the subjects of ${filter}`, data: { filter } };
    const { state } = await read(this.#access, purpose, () =>
      this.#manager.streams.info(this.#stream, { subjects_filter: filter }),
    );
    return Object.keys(state.subjects ?? {}).toSorted();
  }

  async #many(filter: string, from: number): Promise<JournalRecord[]> {
    if (!this.#mayBatch) return [];
    const query = { filter, from, count: limits.recordBatch, maxBytes: limits.recordBatchBytes };
    const purpose = { what: `read the records of ${filter}`, data: { stream: this.#stream, ...query } };
    try {
      return await read(this.#access, purpose, () => this.#access.batches.read(this.#stream, query));
    } catch (error) {
      if (!hasCode(error, 'permission_denied')) throw error;
      this.#mayBatch = false;
      return [];
    }
  }

  #get(what: string, query: GetQuery): Promise<JournalRecord | undefined> {
    return read(this.#access, { what, data: { stream: this.#stream, ...query } }, () =>
      this.#access.gets.get(this.#stream, query),
    );
  }
}
