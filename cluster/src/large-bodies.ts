import {
  type Blobs,
  backoffDelay,
  type Clock,
  CorruptRecordError,
  hasCode,
  type JaegisError,
  type Logger,
  limits,
  NotSerializableError,
  OverloadedError,
  type Random,
  Slots,
  sleep,
} from '@jaegis/core';

export interface LargeBodiesOptions {
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const AGAIN = ['outcome_unknown', 'storage_unavailable', 'transport_unavailable'] as const;
const RETRY = { firstMs: 20, maxMs: 1_000 };
/** Its name comes before the body does: the sender does not wait for the store. */
const LOOK = { firstMs: 2, maxMs: 100 };
/** How long a body is tried to be put, in ms. */
const PUT_MS = 30_000;
/** How long it is waited for: its sender speaks first, if it lives. */
const TAKE_MS = 40_000;
/** Names that are remembered to be given up before they are waited for. */
const MOST_ABSENT = 1_000;

/**
 * Bodies above what the server takes as one message: they go through the object store, and the frame that would have
 * held the body holds its name. The frame leaves at once, so that a large message keeps its place among the others.
 */
export class LargeBodies {
  readonly #options: LargeBodiesOptions;
  readonly #prefix: string;
  readonly #stop = new AbortController();
  /** Bodies that are waited for. */
  readonly #awaited = new Map<string, AbortController>();
  readonly #absent = new Set<string>();
  readonly #fetches = new Slots(limits.largeFetches);
  #made = 0;
  #underWay = 0;

  constructor(options: LargeBodiesOptions) {
    this.#options = options;
    this.#prefix = options.random.id();
  }

  /** @throws NotSerializableError when it is too large even for this way. */
  assertCarriable(what: string, body: Uint8Array): void {
    if (body.length > limits.largeBytes) throw tooLarge(what, body.length, limits.largeBytes);
  }

  /**
   * Takes the body in and returns its name. It is put into the store meanwhile.
   *
   * @param onFailed It could not be put; nobody will find it, unless the error is `outcome_unknown`.
   * @throws NotSerializableError when it is too large even so, OverloadedError when too many are under way.
   */
  begin(what: string, body: Uint8Array, onFailed: (error: unknown) => void): string {
    this.assertCarriable(what, body);
    this.#assertRoom(body);
    const name = this.#nextName();
    this.#put(name, body).catch((error: unknown) => onFailed(error));
    return name;
  }

  /** As {@link begin}, and resolves when it is in the store. */
  async put(what: string, body: Uint8Array): Promise<string> {
    this.assertCarriable(what, body);
    this.#assertRoom(body);
    const name = this.#nextName();
    await this.#put(name, body);
    return name;
  }

  /**
   * The body of that name, which is taken off the store.
   * @throws CorruptRecordError when it does not come.
   */
  async take(name: string): Promise<Uint8Array> {
    const { blobs, logger } = this.#options;
    const body = await this.#find(name);
    blobs
      .remove(name)
      .catch((error: unknown) => logger.debug('a large body stays in the store for now', { name, error }));
    return body;
  }

  /** It will not come. */
  giveUp(name: string): void {
    const awaited = this.#awaited.get(name);
    if (awaited === undefined) this.#remember(name);
    else awaited.abort();
  }

  /** Nothing is waited for any more. */
  stop(): void {
    this.#stop.abort();
    for (const awaited of this.#awaited.values()) awaited.abort();
  }

  async #put(name: string, body: Uint8Array): Promise<void> {
    this.#underWay += body.length;
    try {
      await this.#retry(() => this.#options.blobs.put(name, body));
    } finally {
      this.#underWay -= body.length;
    }
  }

  async #retry(act: () => Promise<void>): Promise<void> {
    const { clock, random } = this.#options;
    const end = clock.monotonic() + PUT_MS;
    let unknown: unknown;
    for (let attempt = 1; ; attempt++) {
      try {
        return await act();
      } catch (error) {
        if (hasCode(error, 'outcome_unknown')) unknown = error;
        const isOver = this.#stop.signal.aborted || clock.monotonic() >= end;
        if (isOver || !AGAIN.some((code) => hasCode(error, code))) throw unknown ?? error;
        await sleep(clock, backoffDelay(attempt, random.next(), RETRY), this.#stop.signal);
      }
    }
  }

  async #find(name: string): Promise<Uint8Array> {
    const { blobs, clock } = this.#options;
    const awaited = new AbortController();
    const end = clock.monotonic() + TAKE_MS;
    if (this.#absent.delete(name)) awaited.abort();
    this.#awaited.set(name, awaited);
    try {
      for (let look = 1; !awaited.signal.aborted && clock.monotonic() < end; look++) {
        const body = await this.#fetches.run(() => blobs.get(name)).catch(unlessUnavailable);
        if (body !== undefined) return body;
        await sleep(clock, backoffDelay(look, 1, LOOK), awaited.signal);
      }
    } finally {
      this.#awaited.delete(name);
    }
    throw new CorruptRecordError(`The body ${name} of a message did not come.`, { data: { name } });
  }

  #remember(name: string): void {
    this.#absent.add(name);
    const [oldest] = this.#absent;
    if (this.#absent.size > MOST_ABSENT && oldest !== undefined) this.#absent.delete(oldest);
  }

  #assertRoom(body: Uint8Array): void {
    if (this.#underWay === 0 || this.#underWay + body.length <= limits.largeBytesUnderWay) return;
    throw new OverloadedError(`${this.#underWay} bytes of large messages are on their way into the object store.`, {
      data: { limit: limits.largeBytesUnderWay, option: 'largeBytesUnderWay' },
    });
  }

  #nextName(): string {
    return `${this.#prefix}-${++this.#made}`;
  }
}

function unlessUnavailable(error: unknown): undefined {
  if (!AGAIN.some((code) => hasCode(error, code))) throw error;
}

/** @param what `A reply`, `A message to node "a"`. */
export function tooLarge(what: string, bytes: number, most: number): JaegisError {
  return new NotSerializableError(`${what} has ${bytes} bytes; at most ${most} can be carried.`, {
    data: { bytes, most },
  });
}

/** The name of a large body as the body of its frame, which is ASCII. */
export function nameToBytes(name: string): Uint8Array {
  return Uint8Array.from(name, (char) => char.charCodeAt(0));
}

export function nameFromBytes(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
