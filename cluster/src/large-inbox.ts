import {
  type Blobs,
  backoffDelay,
  type Clock,
  hasCode,
  type InboxMessage,
  type InboxReceipt,
  type InboxStream,
  type Logger,
  limits,
  type PutOptions,
  type Random,
  type ScheduleOptions,
  sleep,
  type Transport,
} from '@jaegis/core';
import { tooLarge } from './large-bodies.ts';

export interface LargeInboxOptions {
  readonly inbox: InboxStream;
  /** Keeps what nobody removes. */
  readonly bodies: Blobs;
  readonly transport: Pick<Transport, 'maxPayload'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The first byte of a message whose body lies elsewhere; its name follows. No codec's bytes begin so. */
const NAMED = 0xc1;
/** What headers may add to a message. */
const HEADROOM = 1_024;
const RETRY = { firstMs: 20, maxMs: 2_000 };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Body {
  readonly sequence: number;
  readonly name: string;
}

/**
 * An inbox stream that also keeps messages which are larger than the server takes: their bodies are put first, then a
 * message that names them. They are fetched where the message is read, in its place, and removed after it was taken off.
 * What a process that died has left behind is found by {@link sweep}.
 */
export class LargeInbox implements InboxStream {
  readonly #options: LargeInboxOptions;
  /** Of messages that were read and are not taken off, by subject, oldest first. */
  readonly #read = new Map<string, Body[]>();

  constructor(options: LargeInboxOptions) {
    this.#options = options;
  }

  get duplicateWindowMs(): number {
    return this.#options.inbox.duplicateWindowMs;
  }

  /** @throws NotSerializableError above `limits.largeBytes`. */
  async put(subject: string, data: Uint8Array, options: PutOptions): Promise<InboxReceipt> {
    const { inbox, bodies, transport } = this.#options;
    if (data.length <= transport.maxPayload - HEADROOM) return inbox.put(subject, data, options);
    if (data.length > limits.largeBytes) throw tooLarge(`A message to ${subject}`, data.length, limits.largeBytes);
    const name = this.#nameFor(subject);
    await bodies.put(name, data);
    try {
      const receipt = await inbox.put(subject, messageNaming(name), options);
      if (receipt.isRepeated) this.#remove(name); // the message that is kept has its own
      return receipt;
    } catch (error) {
      if (!hasCode(error, 'outcome_unknown')) this.#remove(name);
      throw error;
    }
  }

  async read(subject: string, from: number, limit: number): Promise<readonly InboxMessage[]> {
    const whole: InboxMessage[] = [];
    let bytes = 0;
    for (const message of await this.#options.inbox.read(subject, from, limit)) {
      const found = await this.#whole(message);
      bytes += found.data.length;
      // The rest is read when these are consumed.
      if (whole.length > 0 && bytes > limits.largeBytes) break;
      whole.push(found);
    }
    return whole;
  }

  async *kept(filter: string): AsyncIterable<InboxMessage> {
    for await (const message of this.#options.inbox.kept(filter)) yield this.#whole(message);
  }

  async *feed(filters: readonly string[], signal: AbortSignal): AsyncIterable<InboxMessage> {
    for await (const message of this.#options.inbox.feed(filters, signal)) {
      const whole = await this.#patiently(message, signal);
      if (whole !== undefined) yield whole;
    }
  }

  async remove(subject: string, upTo: number): Promise<void> {
    await this.#options.inbox.remove(subject, upTo);
    const bodies = this.#read.get(subject);
    if (bodies === undefined) return;
    const left = bodies.filter(({ sequence }) => sequence > upTo);
    if (left.length === 0) this.#read.delete(subject);
    else this.#read.set(subject, left);
    for (const { sequence, name } of bodies) if (sequence <= upTo) this.#remove(name);
  }

  schedule(subject: string, data: Uint8Array, options: ScheduleOptions): Promise<void> {
    return this.#options.inbox.schedule(subject, data, options);
  }

  unschedule(subject: string): Promise<void> {
    return this.#options.inbox.unschedule(subject);
  }

  /** Removes bodies that no message names: their sender died before it put the message, or their receiver after. */
  async sweep(): Promise<void> {
    const { bodies, clock } = this.#options;
    for (const name of await bodies.names()) {
      const [subject = '', putMs = ''] = name.split(' ');
      const ageMs = clock.now() - Number.parseInt(putMs, 36);
      if (ageMs > limits.largeUnnamedMs && !(await this.#isNamed(subject, name))) await bodies.remove(name);
    }
  }

  async #isNamed(subject: string, name: string): Promise<boolean> {
    for await (const message of this.#options.inbox.kept(subject)) if (nameIn(message) === name) return true;
    return false;
  }

  /** Until it is there or nobody wants it any more: the messages after it wait, since they came after it. */
  async #patiently(message: InboxMessage, signal: AbortSignal): Promise<InboxMessage | undefined> {
    const { clock, random, logger } = this.#options;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        return await this.#whole(message);
      } catch (error) {
        const { subject, sequence } = message;
        logger.debug('the body of a message in an inbox is not read yet', { subject, sequence, error });
        await sleep(clock, backoffDelay(attempt, random.next(), RETRY), signal);
      }
    }
    return undefined;
  }

  /** Where its body is gone it stays as it is, which no codec reads: its entity puts it aside as it does any such message. */
  async #whole(message: InboxMessage): Promise<InboxMessage> {
    const name = nameIn(message);
    if (name === undefined) return message;
    const data = await this.#options.bodies.get(name);
    if (data === undefined) return message;
    this.#remember(message, name);
    return { ...message, data };
  }

  #remember({ subject, sequence }: InboxMessage, name: string): void {
    const bodies = this.#read.get(subject);
    if (bodies === undefined) this.#read.set(subject, [{ sequence, name }]);
    else if (bodies.every((body) => body.sequence !== sequence)) bodies.push({ sequence, name });
  }

  #remove(name: string): void {
    const { bodies, logger } = this.#options;
    bodies
      .remove(name)
      .catch((error: unknown) => logger.debug('a large body stays in the store for now', { name, error }));
  }

  /** Names where it belongs, and when it was put, for {@link sweep}. Subjects hold no spaces. */
  #nameFor(subject: string): string {
    const { clock, random } = this.#options;
    return `${subject} ${Math.floor(clock.now()).toString(36)} ${random.id()}`;
  }
}

function messageNaming(name: string): Uint8Array {
  return Uint8Array.of(NAMED, ...encoder.encode(name));
}

function nameIn({ data }: InboxMessage): string | undefined {
  return data[0] === NAMED ? decoder.decode(data.subarray(1)) : undefined;
}
