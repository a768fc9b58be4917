import {
  backoffDelay,
  type Clock,
  type InboxMessage,
  type InboxStream,
  type Logger,
  limits,
  type Random,
  sleep,
} from '@jaegis/core';

/** Hands one message to the entity. Resolves when the turn that consumed it is written. */
export type DeliverFromInbox = (message: InboxMessage, previous: number) => Promise<void>;

export interface EntityInboxOptions {
  readonly subject: string;
  readonly inbox: InboxStream;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly deliver: DeliverFromInbox;
  /** Nothing of it is held any more. */
  readonly onEmpty?: () => void;
}

const RETRY = { firstMs: 20, maxMs: 5_000 };

/**
 * One entity's inbox as its owner reads it: hands over a window of messages in order, begins again at the first that
 * was not consumed when one fails, and takes off the stream what was consumed. Holds no more than the window; what else
 * there is it reads from the stream when there is room.
 */
export class EntityInbox {
  readonly #options: EntityInboxOptions;
  readonly #stop = new AbortController();
  /** Kept and not consumed, oldest first: those under way, and those that wait. */
  #held: InboxMessage[] = [];
  readonly #underWay = new Set<number>();
  /** The newest message that was given to this object, the newest that it kept, and the newest that it did not. */
  #last = 0;
  #kept = 0;
  #missed = 0;
  #hasFailed = false;
  #failures = 0;
  #isRunning = false;
  #hasChanged = false;
  #wake = () => {};

  constructor(options: EntityInboxOptions) {
    this.#options = options;
  }

  add(message: InboxMessage): void {
    if (message.sequence <= this.#last) return;
    this.#last = message.sequence;
    if (this.#missed > 0 || !this.#hasRoom(message.data.length)) this.#missed = message.sequence;
    else this.#keep([message]);
    if (this.#isRunning) this.#changed();
    else void this.#run();
  }

  stop(): void {
    this.#stop.abort();
    this.#changed();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    const { signal } = this.#stop;
    while (!signal.aborted && (this.#held.length > 0 || this.#missed > 0)) {
      if (this.#hasFailed) await this.#pause();
      if (this.#missed > 0 && this.#hasRoom(1)) await this.#readMissed();
      if (!signal.aborted) this.#handOver();
      if (!signal.aborted && this.#underWay.size > 0) await this.#change();
    }
    this.#isRunning = false;
    if (!signal.aborted) this.#options.onEmpty?.();
  }

  /** One message is held whatever its size. */
  #hasRoom(bytes: number): boolean {
    if (this.#held.length === 0) return true;
    const held = this.#held.reduce((sum, { data }) => sum + data.length, bytes);
    return this.#held.length < limits.inboxWindow && held <= limits.inboxWindowBytes;
  }

  #changed(): void {
    this.#hasChanged = true;
    this.#wake();
  }

  async #change(): Promise<void> {
    if (!this.#hasChanged) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#hasChanged = false;
  }

  #keep(messages: readonly InboxMessage[]): void {
    this.#held.push(...messages);
    this.#kept = this.#held.at(-1)?.sequence ?? this.#kept;
  }

  #handOver(): void {
    let previous = 0;
    for (const message of this.#held) {
      if (!this.#underWay.has(message.sequence)) void this.#deliver(message, previous);
      previous = message.sequence;
    }
  }

  async #deliver(message: InboxMessage, previous: number): Promise<void> {
    const { subject, sequence } = message;
    this.#underWay.add(sequence);
    try {
      await this.#options.deliver(message, previous);
      this.#consumed(sequence);
    } catch (error) {
      this.#options.logger.debug('message of an inbox not consumed yet', { subject, sequence, error });
      this.#hasFailed = true;
    }
    this.#underWay.delete(sequence);
    this.#changed();
  }

  #consumed(sequence: number): void {
    this.#failures = 0;
    const wasFirst = this.#held[0]?.sequence === sequence;
    this.#held = this.#held.filter((message) => message.sequence !== sequence);
    if (wasFirst) this.#takeOff();
  }

  /** All before the first that is held were consumed. */
  #takeOff(): void {
    const { inbox, subject, logger } = this.#options;
    const first = this.#held[0];
    const upTo = first === undefined ? this.#kept : first.sequence - 1;
    inbox.remove(subject, upTo).catch((error: unknown) => {
      logger.debug('consumed messages stay in an inbox for now', { subject, upTo, error });
    });
  }

  async #pause(): Promise<void> {
    const { clock, random } = this.#options;
    this.#hasFailed = false;
    this.#failures += 1;
    await sleep(clock, backoffDelay(this.#failures, random.next(), RETRY), this.#stop.signal);
  }

  async #readMissed(): Promise<void> {
    const { inbox, subject, logger } = this.#options;
    const goal = this.#missed;
    try {
      const found = await inbox.read(subject, this.#kept + 1, limits.inboxWindow - this.#held.length);
      this.#keep(found);
      const isGone = found.length === 0 && this.#missed === goal;
      if (isGone || this.#kept >= this.#missed) this.#missed = 0;
    } catch (error) {
      logger.debug('messages of an inbox not read yet', { subject, from: this.#kept + 1, error });
      await this.#pause();
    }
  }
}
