import {
  type Clock,
  type Codec,
  type Delivery,
  type Logger,
  limits,
  type Subscription,
  type Transport,
} from '@jaegis/core';

export interface QuestionsOptions {
  readonly transport: Transport;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Answers arrive below this subject: one subscription for all. */
  readonly replySubject: string;
}

/** How a question ended. `nobody`: the server says that nobody listens there. `late`: its time was up. */
export type Ending = 'done' | 'nobody' | 'late' | 'stopped';

interface Open {
  readonly take: (answer: unknown) => boolean;
  readonly end: (how: Ending) => void;
}

/** Questions over core NATS, in the lane of the runtime's own words, with the answers of one or of many. */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #open = new Map<string, Open>();
  /** From the first question on: a client has none. */
  #subscription: Subscription | undefined;
  #next = 1;

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /** One answer, or why there is none. */
  async one(subject: string, question: unknown, timeoutMs: number): Promise<{ answer?: unknown; ended: Ending }> {
    let answer: unknown;
    const ended = await this.all(subject, question, timeoutMs, (given) => {
      answer = given;
      return true;
    });
    return { answer, ended };
  }

  /** @param take Is given each answer; true ends the question. */
  all(
    subject: string,
    question: unknown,
    timeoutMs: number,
    take: (answer: unknown) => boolean,
    signal?: AbortSignal,
  ): Promise<Ending> {
    const { clock, transport, replySubject } = this.#options;
    this.#subscription ??= transport.subscribe(`${replySubject}.*`, (delivery) => this.#on(delivery));
    if (this.#open.size >= limits.healthQuestions) return Promise.resolve('late');
    return new Promise((resolve) => {
      const id = (this.#next++).toString(36);
      const end = (how: Ending) => {
        if (!this.#open.delete(id)) return;
        clock.clearTimer(timer);
        signal?.removeEventListener('abort', stop);
        resolve(how);
      };
      const stop = () => end('stopped');
      const timer = clock.setTimer(timeoutMs, () => end('late'));
      this.#open.set(id, { take, end });
      signal?.addEventListener('abort', stop, { once: true });
      this.say(subject, question, `${this.#options.replySubject}.${id}`);
    });
  }

  /** At most once: all that members say of themselves they say again, and what fails here must not end that. */
  say(subject: string, word: unknown, replyTo?: string): void {
    const { transport, codec, logger } = this.#options;
    // What waits for the connection says, when it is back, how things were a while ago.
    if (!transport.connected) return;
    try {
      transport.publish(subject, codec.encode(word), {
        lane: 'control',
        ...(replyTo === undefined ? {} : { replyTo }),
      });
    } catch (error) {
      logger.debug('not said to the other members', { subject, error });
    }
  }

  stop(): void {
    this.#subscription?.unsubscribe();
    for (const { end } of [...this.#open.values()]) end('stopped');
  }

  #on({ subject, data, noResponders }: Delivery): void {
    const open = this.#open.get(subject.slice(subject.lastIndexOf('.') + 1));
    if (!open) return;
    if (noResponders) open.end('nobody');
    else if (open.take(this.#options.codec.decode(data))) open.end('done');
  }
}
