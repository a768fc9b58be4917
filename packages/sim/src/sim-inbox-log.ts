/** A model of the JetStream stream behind an inbox: ids that are remembered, schedules that fire, consumers that follow. */
import { type Clock, type InboxMessage, type InboxReceipt, OverloadedError, type Timer } from '@jaegis/core';
import type { Purpose } from './sim-log.ts';
import { subjectMatches } from './subject.ts';

export interface SimInboxOptions {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly duplicateWindowMs: number;
  /** The server's own storage limit. Default: none. */
  readonly maxBytes?: number | undefined;
}

interface Scheduled {
  readonly sequence: number;
  readonly timer: Timer;
  readonly bytes: number;
}

/** While the stream has no leader, what is due is looked at again after so long, in ms. */
const overdueMs = 20;

export class SimInboxLog {
  readonly options: SimInboxOptions;
  readonly #clock: Clock;
  readonly #isAvailable: () => boolean;
  #messages: InboxMessage[] = [];
  /** Those of the duplicate window, oldest first. */
  readonly #ids = new Map<string, { readonly sequence: number; readonly timeMs: number }>();
  readonly #schedules = new Map<string, Scheduled>();
  readonly #followers = new Set<() => void>();
  #sequence = 0;
  #bytes = 0;

  constructor(options: SimInboxOptions, clock: Clock, isAvailable: () => boolean) {
    this.options = options;
    this.#clock = clock;
    this.#isAvailable = isAvailable;
  }

  takes(subject: string): boolean {
    return this.options.subjects.some((filter) => subjectMatches(filter, subject));
  }

  put(subject: string, data: Uint8Array, id: string, purpose: Purpose): InboxReceipt {
    this.#forgetOldIds();
    const known = this.#ids.get(id);
    if (known) return { sequence: known.sequence, isRepeated: true };
    this.#assertRoom(data, purpose);
    const sequence = this.#append(subject, data, id);
    this.#ids.set(id, { sequence, timeMs: this.#clock.now() });
    return { sequence, isRepeated: false };
  }

  /** The server starts again: of ids it knows those of the messages that it still has. */
  restart(): void {
    const kept = new Set(this.#messages.map(({ sequence }) => sequence));
    for (const [id, { sequence }] of this.#ids) if (!kept.has(sequence)) this.#ids.delete(id);
  }

  #forgetOldIds(): void {
    const since = this.#clock.now() - this.options.duplicateWindowMs;
    for (const [id, { timeMs }] of this.#ids) {
      if (timeMs > since) return;
      this.#ids.delete(id);
    }
  }

  read(subject: string, from: number, limit: number): InboxMessage[] {
    return this.#messages
      .filter((message) => message.subject === subject && message.sequence >= from)
      .slice(0, limit)
      .map(copyOf);
  }

  remove(subject: string, upTo: number): void {
    const isGone = (message: InboxMessage) => message.subject === subject && message.sequence <= upTo;
    for (const { data } of this.#messages.filter(isGone)) this.#bytes -= data.length;
    this.#messages = this.#messages.filter((message) => !isGone(message));
  }

  schedule(subject: string, data: Uint8Array, schedule: { atMs: number; target: string }, purpose: Purpose): void {
    this.#assertRoom(data, purpose);
    this.unschedule(subject);
    this.#sequence += 1;
    this.#bytes += data.length;
    this.#arm(subject, new Uint8Array(data), this.#sequence, schedule);
  }

  unschedule(subject: string): void {
    const scheduled = this.#schedules.get(subject);
    if (!scheduled) return;
    this.#clock.clearTimer(scheduled.timer);
    this.#schedules.delete(subject);
    this.#bytes -= scheduled.bytes;
  }

  /** The messages after a sequence that match any of the filters. */
  after(sequence: number, filters: readonly string[]): InboxMessage[] {
    return this.#messages
      .filter((message) => message.sequence > sequence && filters.some((it) => subjectMatches(it, message.subject)))
      .map(copyOf);
  }

  /** Calls back after each new message. */
  follow(listener: () => void): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }

  #arm(subject: string, data: Uint8Array, sequence: number, { atMs, target }: { atMs: number; target: string }): void {
    const timer = this.#clock.setTimer(Math.max(0, atMs - this.#clock.now()), () => {
      if (!this.#isAvailable()) {
        this.#arm(subject, data, sequence, { atMs: this.#clock.now() + overdueMs, target });
        return;
      }
      this.unschedule(subject);
      this.#append(target, data, undefined);
    });
    this.#schedules.set(subject, { sequence, timer, bytes: data.length });
  }

  #append(subject: string, data: Uint8Array, id: string | undefined): number {
    this.#sequence += 1;
    this.#bytes += data.length;
    const [sequence, timeMs] = [this.#sequence, this.#clock.now()];
    this.#messages.push({ subject, sequence, data: new Uint8Array(data), id, timeMs });
    for (const listener of [...this.#followers]) listener();
    return this.#sequence;
  }

  #assertRoom(data: Uint8Array, purpose: Purpose): void {
    const { maxBytes = Number.POSITIVE_INFINITY } = this.options;
    if (this.#bytes + data.length <= maxBytes) return;
    throw new OverloadedError(`Could not ${purpose.what}: insufficient storage resources available.`, purpose);
  }
}

function copyOf(message: InboxMessage): InboxMessage {
  return { ...message, data: new Uint8Array(message.data) };
}
