/** A model of the JetStream stream behind an inbox: ids that are remembered, schedules that fire, consumers that follow. */
import {
  type Clock,
  type InboxMessage,
  type InboxReceipt,
  InvalidTimerError,
  OverloadedError,
  type Timer,
} from '@jaegis/core';
import { type Headers, storedBytes } from './message-size.ts';
import type { Purpose } from './purpose.ts';
import { subjectMatches } from './subject.ts';

export interface SimInboxOptions {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly duplicateWindowMs: number;
  /** Replaces the bound that the inbox has. Default: that one, at first none. */
  readonly maxBytes?: number | undefined;
}

/** What is written, where, and for errors why. */
export interface SimPut {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Headers;
  readonly purpose: Purpose;
}

interface Kept extends InboxMessage {
  readonly bytes: number;
}

interface Scheduled {
  readonly timer: Timer;
  readonly bytes: number;
}

interface Schedule {
  readonly atMs: number;
  readonly target: string;
}

/** While the stream has no leader, what is due is looked at again after so long, in ms. */
const overdueMs = 20;

export class SimInboxLog {
  readonly options: SimInboxOptions;
  readonly #clock: Clock;
  readonly #isAvailable: () => boolean;
  #messages: Kept[] = [];
  /** Those of the duplicate window, oldest first. */
  readonly #ids = new Map<string, { readonly sequence: number; readonly timeMs: number }>();
  readonly #schedules = new Map<string, Scheduled>();
  readonly #followers = new Set<() => void>();
  /** By the filters of a follower, which are many, and subject. */
  readonly #matches = new WeakMap<readonly string[], Map<string, boolean>>();
  #maxBytes = Number.POSITIVE_INFINITY;
  #sequence = 0;
  #bytes = 0;

  constructor(options: SimInboxOptions, clock: Clock, isAvailable: () => boolean) {
    this.options = options;
    this.#clock = clock;
    this.#isAvailable = isAvailable;
  }

  /** What is not said stays as it is. */
  change({ maxBytes = this.#maxBytes }: SimInboxOptions): void {
    this.#maxBytes = maxBytes;
  }

  takes(subject: string): boolean {
    return this.options.subjects.some((filter) => subjectMatches(filter, subject));
  }

  put(put: SimPut, id: string): InboxReceipt {
    this.#forgetOldIds();
    const known = this.#ids.get(id);
    if (known) return { sequence: known.sequence, isRepeated: true };
    const bytes = this.#takeRoom(put);
    const sequence = this.#append({ ...put, id, bytes });
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
      .map(messageOf);
  }

  /** The first message from a sequence on that matches. */
  next(filter: string, from: number): InboxMessage | undefined {
    const found = this.#messages.find(({ subject, sequence }) => sequence >= from && subjectMatches(filter, subject));
    return found && messageOf(found);
  }

  /** The sequence of the newest message that matches; 0 when there is none. */
  newest(filter: string): number {
    return this.#messages.findLast(({ subject }) => subjectMatches(filter, subject))?.sequence ?? 0;
  }

  remove(subject: string, upTo: number): void {
    const isGone = (message: InboxMessage) => message.subject === subject && message.sequence <= upTo;
    for (const { bytes } of this.#messages.filter(isGone)) this.#bytes -= bytes;
    this.#messages = this.#messages.filter((message) => !isGone(message));
  }

  schedule(put: SimPut, schedule: Schedule): void {
    const { subject, purpose } = put;
    if (!this.takes(schedule.target) || schedule.target === subject) {
      throw new InvalidTimerError(`Could not ${purpose.what}: message schedules target is invalid.`, purpose);
    }
    const bytes = this.#takeRoom(put);
    this.unschedule(subject);
    this.#sequence += 1;
    this.#arm({ ...put, data: new Uint8Array(put.data), bytes }, schedule);
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
    // Followers are mostly up to date: what they have is not looked at.
    const first = this.#messages.findLastIndex((message) => message.sequence <= sequence) + 1;
    return this.#messages
      .slice(first)
      .filter(({ subject }) => this.#matchesAny(filters, subject))
      .map(messageOf);
  }

  #matchesAny(filters: readonly string[], subject: string): boolean {
    let known = this.#matches.get(filters);
    if (known === undefined) {
      known = new Map();
      this.#matches.set(filters, known);
    }
    let isMatch = known.get(subject);
    if (isMatch === undefined) {
      isMatch = filters.some((filter) => subjectMatches(filter, subject));
      known.set(subject, isMatch);
    }
    return isMatch;
  }

  /** Calls back after each new message. */
  follow(listener: () => void): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }

  #arm(put: SimPut & { readonly bytes: number }, { atMs, target }: Schedule): void {
    const { subject, data, bytes } = put;
    const timer = this.#clock.setTimer(Math.max(0, atMs - this.#clock.now()), () => {
      if (!this.#isAvailable()) {
        this.#arm(put, { atMs: this.#clock.now() + overdueMs, target });
        return;
      }
      this.unschedule(subject);
      const fired = storedBytes(target, data, {});
      this.#bytes += fired; // the server itself puts it, whatever there is
      this.#append({ subject: target, data, id: undefined, bytes: fired });
    });
    this.#schedules.set(subject, { timer, bytes });
  }

  #append({ subject, data, id, bytes }: Pick<Kept, 'subject' | 'data' | 'id' | 'bytes'>): number {
    this.#sequence += 1;
    const [sequence, timeMs] = [this.#sequence, this.#clock.now()];
    this.#messages.push({ subject, sequence, data: new Uint8Array(data), id, timeMs, bytes });
    for (const listener of [...this.#followers]) listener();
    return this.#sequence;
  }

  #takeRoom({ subject, data, headers, purpose }: SimPut): number {
    const bytes = storedBytes(subject, data, headers);
    if (this.#bytes + bytes > this.#maxBytes) {
      throw new OverloadedError(
        `Could not ${purpose.what}: the inbox holds ${this.#bytes} of at most ${this.#maxBytes} bytes; raise maxBytes.`,
        purpose,
      );
    }
    this.#bytes += bytes;
    return bytes;
  }
}

function messageOf({ bytes: _, ...message }: Kept): InboxMessage {
  return { ...message, data: new Uint8Array(message.data) };
}
