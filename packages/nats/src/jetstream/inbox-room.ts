/**
 * The bound on the bytes of an inbox. A stream that takes schedules must discard its oldest message when it is full, so the
 * server cannot keep the bound: whoever puts a message looks how much there is. It stands in the stream's metadata, so that
 * it is one for the whole cluster. Several senders may exceed it by what they put between two looks.
 */
import { type JaegisError, OverloadedError } from '@jaegis/core';
import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import type { JetStreamAccess } from './access.ts';
import type { Purpose } from './errors.ts';

const key = 'jaegis.max_bytes';
/** How long it is believed how much there is, in ms; and where there is no bound, that there is none. */
const believedMs = 250;
const believedUnboundedMs = 5_000;

/** As it stands in a stream that is opened with this bound. */
export function boundAsMetadata(maxBytes: number | undefined): Record<string, string> | undefined {
  return maxBytes === undefined ? undefined : { [key]: String(maxBytes) };
}

export class InboxRoom {
  readonly #access: Pick<JetStreamAccess, 'clock' | 'link'>;
  readonly #manager: JetStreamManager;
  readonly #stream: string;
  #maxBytes: number;
  #bytes = Number.POSITIVE_INFINITY;
  #lookedAtMs: number;
  #looking: Promise<void> | undefined;

  constructor(access: Pick<JetStreamAccess, 'clock' | 'link'>, manager: JetStreamManager, config: StreamConfig) {
    this.#access = access;
    this.#manager = manager;
    this.#stream = config.name;
    this.#maxBytes = boundOf(config);
    this.#lookedAtMs = this.#isBounded ? Number.NEGATIVE_INFINITY : access.clock.monotonic();
  }

  /** Undefined: it is known how much there is. Else: when it is. A look that fails leaves it to the write to say why. */
  known(): Promise<void> | undefined {
    const ageMs = this.#access.clock.monotonic() - this.#lookedAtMs;
    if (ageMs < (this.#isBounded ? believedMs : believedUnboundedMs)) return undefined;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#isBounded ? this.#looking : undefined;
  }

  /** @throws OverloadedError when there is no room for so many bytes. */
  take(bytes: number, purpose: Purpose): void {
    if (!this.#isBounded) return;
    if (this.#bytes + bytes > this.#maxBytes) throw full(this.#bytes, this.#maxBytes, purpose);
    this.#bytes += bytes;
  }

  get #isBounded(): boolean {
    return this.#maxBytes !== Number.POSITIVE_INFINITY;
  }

  async #look(): Promise<void> {
    const { link, clock } = this.#access;
    try {
      const { config, state } = await link.orLost(this.#manager.streams.info(this.#stream));
      this.#maxBytes = boundOf(config);
      this.#bytes = state.bytes;
      this.#lookedAtMs = clock.monotonic();
    } catch (error) {
      this.#bytes = 0;
      link.logger.debug('it is not known how much room an inbox has', { stream: this.#stream, error });
    }
  }
}

function boundOf({ metadata }: StreamConfig): number {
  const bound = Number(metadata?.[key] ?? Number.NaN);
  return bound > 0 ? bound : Number.POSITIVE_INFINITY;
}

function full(bytes: number, maxBytes: number, { what, data }: Purpose): JaegisError {
  return new OverloadedError(
    `Could not ${what}: the inbox holds ${bytes} of at most ${maxBytes} bytes; raise maxBytes.`,
    {
      data: { ...data, bytes, limit: maxBytes },
    },
  );
}
