import {
  backoffDelay,
  type Clock,
  type Codec,
  type DurableTimer,
  hasCode,
  type InboxStream,
  type Logger,
  type Random,
  sleep,
} from '@jaegis/core';
import { encodeTimer } from './inbox-body.ts';
import type { TimerSchedules } from './timers.ts';

export interface InboxTimersOptions {
  readonly inbox: InboxStream;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where the entity's messages arrive. */
  readonly inboxSubject: string;
  /** Where the timer of this id is scheduled. */
  readonly timerSubject: (id: string) => string;
  readonly signal: AbortSignal;
}

const RETRY = { firstMs: 20, maxMs: 1_000 };
const AGAIN = ['outcome_unknown', 'storage_unavailable', 'transport_unavailable'] as const;

/** One entity's timers as schedules of the inbox stream: what fires is a message of the inbox. */
export class InboxTimers implements TimerSchedules {
  readonly #options: InboxTimersOptions;

  constructor(options: InboxTimersOptions) {
    this.#options = options;
  }

  async set(timer: DurableTimer): Promise<void> {
    const { inbox, codec, clock, random, inboxSubject: target, timerSubject, signal } = this.#options;
    const data = encodeTimer(codec, timer);
    for (let attempt = 1; ; attempt++) {
      try {
        return await inbox.schedule(timerSubject(timer.id), data, { atMs: timer.atMs, target });
      } catch (error) {
        if (signal.aborted || !AGAIN.some((code) => hasCode(error, code))) throw error;
        await sleep(clock, backoffDelay(attempt, random.next(), RETRY), signal);
      }
    }
  }

  clear(timer: DurableTimer): void {
    const { inbox, clock, logger, timerSubject } = this.#options;
    // One that is due has fired, or does so in this moment.
    if (timer.atMs <= clock.now()) return;
    inbox.unschedule(timerSubject(timer.id)).catch((error: unknown) => {
      logger.debug('a timer that was taken back stays scheduled; it will have no effect', { name: timer.name, error });
    });
  }
}
